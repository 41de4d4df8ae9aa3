//! Who acts and what they may do: accounts, devices, permissions, and the one way to mount a route.
