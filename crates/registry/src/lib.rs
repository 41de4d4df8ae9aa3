//! Areas, households, people, places: know the population before you test it.
