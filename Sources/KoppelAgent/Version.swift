/// The version of Koppel, as `koppel --version` and the agent's status tell it.
package let koppelVersion = "0.1.0"
