/// The look of a report: black on white, one accent, tables that break between rows. Colour is never the only mark.
enum ReportStyle {
    static let css = """
        @page { size: A4; margin: 16mm 14mm; }
        * { box-sizing: border-box; }
        body { font: 10pt/1.45 "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #1c2430; background: #fff;
          max-width: 190mm; margin: 0 auto; padding: 10mm 4mm; }
        header { border-bottom: 3px solid #0b5d7a; padding-bottom: 4mm; }
        .kind { margin: 0; font-size: 9pt; letter-spacing: .12em; text-transform: uppercase; color: #0b5d7a; }
        h1 { font-size: 22pt; line-height: 1.2; margin: 1mm 0 3mm; overflow-wrap: anywhere; }
        h2 { font-size: 13pt; margin: 9mm 0 2mm; color: #0b5d7a; break-after: avoid; }
        h3 { font-size: 11pt; margin: 6mm 0 2mm; break-after: avoid; overflow-wrap: anywhere; }
        .facts { display: flex; flex-wrap: wrap; gap: 1.5mm 8mm; margin: 0 0 3mm; break-after: avoid; }
        .facts dt { font-size: 7.5pt; color: #5a6675; }
        .facts dd { margin: 0; overflow-wrap: anywhere; }
        .verdict { margin: 5mm 0 0; padding: 3mm 4mm; font-size: 12pt; font-weight: 600; border-left: 5px solid; }
        .verdict.good { background: #eaf6ee; border-color: #1d7a3d; }
        .verdict.doubt { background: #fdf5e3; border-color: #9a6700; }
        .verdict.bad { background: #fbeaea; border-color: #b3261e; }
        table { width: 100%; border-collapse: collapse; margin: 0 0 3mm; font-size: 8.5pt; }
        thead { display: table-header-group; }
        tr { break-inside: avoid; }
        th { text-align: left; font-weight: 600; color: #5a6675; border-bottom: 1.5px solid #1c2430; }
        th, td { padding: 1mm 2mm 1mm 0; vertical-align: top; overflow-wrap: anywhere; }
        td { border-bottom: 1px solid #dfe4ea; }
        th { overflow-wrap: normal; }
        .signals { table-layout: fixed; }
        .signals th:nth-child(1) { width: 23%; } .signals th:nth-child(2) { width: 19%; }
        .signals th:nth-child(3) { width: 11%; } .signals th:nth-child(4) { width: 10%; }
        .signals th:nth-child(5) { width: 11%; } .signals th:nth-child(6) { width: 9%; }
        .signals th:nth-child(7) { width: 10%; } .signals th:nth-child(8) { width: 7%; }
        .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        .name { font-weight: 600; }
        .code { font-family: "DejaVu Sans Mono", Consolas, monospace; font-size: 7.5pt; }
        td.good { color: #1d7a3d; }
        td.uncertain, td.warning { color: #8a5a00; }
        td.bad, p.bad { color: #b3261e; font-weight: 600; }
        .signatures { display: flex; gap: 12mm; margin-top: 12mm; break-inside: avoid; }
        .signatures div { flex: 1; }
        .signatures p { border-bottom: 1px solid #1c2430; height: 9mm; margin: 0; font-size: 8pt; color: #5a6675; }
        .signatures p:last-child { height: 20mm; }
        @media print { body { padding: 0; max-width: none; } * { print-color-adjust: exact; } }
        """
}
