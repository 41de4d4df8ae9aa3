//! Stock in, out, on hand, days left; trucks that arrive and are unloaded.
