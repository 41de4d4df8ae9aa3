//! What was found out about a statement's text, kept by the text. Most texts are constants of the program, so that one is
//! found by where it stands, and hashing it each time is saved; that it is still the same text is checked.

use std::collections::HashMap;

/// Texts remembered at most: several times what a program has. Those made at run time may stand anywhere.
const TEXTS_MAX: usize = 2_048;

/// Something known about each of many texts.
#[derive(Debug, Default)]
pub(crate) struct Texts<T> {
    known: HashMap<(usize, usize), (Box<str>, T)>,
}

impl<T> Texts<T> {
    /// What is known about a text; found out the first time.
    pub(crate) fn of(&mut self, text: &str, find_out: impl FnOnce(&str) -> T) -> &T {
        let place = (text.as_ptr() as usize, text.len());
        if self.known.get(&place).is_none_or(|(same, _)| **same != *text) {
            if self.known.len() >= TEXTS_MAX {
                self.known.clear();
            }
            self.known.insert(place, (Box::from(text), find_out(text)));
        }
        // Inserted above where it was not there.
        &self.known[&place].1
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.known.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_text_at_the_same_place_is_another_text() {
        let mut lengths: Texts<String> = Texts::default();
        let mut text = String::from("one");
        assert_eq!(lengths.of(&text, str::to_uppercase), "ONE");
        text.replace_range(.., "two");
        assert_eq!(lengths.of(&text, str::to_uppercase), "TWO");
        assert_eq!(lengths.of("two", str::to_uppercase), "TWO");
        lengths.clear();
        assert!(lengths.known.is_empty());
    }
}
