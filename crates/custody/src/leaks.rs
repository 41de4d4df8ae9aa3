//! Looks for identities in every byte of files: databases, logs, snapshots, backups, reports.
//!
//! A text is looked for as it is (UTF-8) and, where it is not plain ASCII, as it stands in an address (percent-encoded)
//! and in JSON that escapes it. All at once, in one walk over each file, in pieces with an overlap.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// The shortest text that is looked for, in characters: shorter ones stand everywhere by chance.
pub const CHARACTERS_MIN: usize = 5;
const PIECE_BYTES: usize = 8 << 20;
/// Places told of one file.
const TOLD_MAX: usize = 5;

/// Identities to look for.
pub struct Wanted {
    machine: AhoCorasick,
    longest: usize,
    /// How many texts.
    pub texts: usize,
    /// Texts too short to be looked for.
    pub too_short: usize,
}

/// A file in which identities stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// The file.
    pub file: PathBuf,
    /// How often.
    pub times: u64,
    /// Where the first ones stand, in bytes from the beginning. What stands there is not repeated.
    pub at: Vec<u64>,
}

/// What was searched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Searched {
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
    /// Where something was found.
    pub leaks: Vec<Leak>,
}

fn forms(text: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![text.as_bytes().to_vec()];
    if !text.is_ascii() {
        for upper in [true, false] {
            let encoded: String = text
                .bytes()
                .map(|byte| match byte {
                    _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                    _ if upper => format!("%{byte:02X}"),
                    _ => format!("%{byte:02x}"),
                })
                .collect();
            forms.push(encoded.into_bytes());
        }
        let escaped: String = text
            .encode_utf16()
            .map(|unit| match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
                _ => format!("\\u{unit:04x}"),
            })
            .collect();
        forms.push(escaped.into_bytes());
    }
    forms
}

impl Wanted {
    /// Reads texts to look for, one a line.
    ///
    /// # Errors
    /// When they cannot be read or are more than a machine can hold.
    pub fn read(file: &Path) -> std::io::Result<Self> {
        let mut texts = Vec::new();
        for line in BufReader::new(File::open(file)?).lines() {
            texts.push(line?);
        }
        Self::of(&texts)
    }

    /// Prepares texts to be looked for.
    ///
    /// # Errors
    /// When they are more than a machine can hold.
    pub fn of(texts: &[String]) -> std::io::Result<Self> {
        let mut texts: Vec<&str> = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
        texts.sort_unstable();
        texts.dedup();
        let all = texts.len();
        texts.retain(|text| text.chars().count() >= CHARACTERS_MIN);
        let patterns: Vec<Vec<u8>> = texts.iter().flat_map(|text| forms(text)).collect();
        let machine = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&patterns)
            .map_err(std::io::Error::other)?;
        let longest = patterns.iter().map(Vec::len).max().unwrap_or(1);
        Ok(Self { machine, longest, texts: texts.len(), too_short: all - texts.len() })
    }

    /// Looks into files, and into everything below folders.
    ///
    /// # Errors
    /// When a file cannot be read: what was not looked at is not clean.
    pub fn search(&self, places: &[PathBuf]) -> std::io::Result<Searched> {
        let mut searched = Searched::default();
        let mut waiting: Vec<PathBuf> = places.to_vec();
        let mut found = BTreeMap::new();
        while let Some(place) = waiting.pop() {
            if place.is_dir() {
                for entry in std::fs::read_dir(&place)? {
                    waiting.push(entry?.path());
                }
                continue;
            }
            searched.files += 1;
            let leak = self.in_file(&place, &mut searched.bytes)?;
            if leak.times > 0 {
                found.insert(place, leak);
            }
        }
        searched.leaks = found.into_values().collect();
        Ok(searched)
    }

    fn in_file(&self, path: &Path, bytes: &mut u64) -> std::io::Result<Leak> {
        let mut leak = Leak { file: path.to_owned(), times: 0, at: Vec::new() };
        let mut file = File::open(path)?;
        let mut piece: Vec<u8> = Vec::with_capacity(PIECE_BYTES + self.longest);
        // Bytes of the file before the piece, and bytes of the piece that were searched with the one before.
        let (mut before, mut seen) = (0_u64, 0_usize);
        loop {
            let read = (&mut file).take(PIECE_BYTES as u64).read_to_end(&mut piece)?;
            *bytes += read as u64;
            for found in self.machine.find_overlapping_iter(&piece).filter(|found| found.end() > seen) {
                leak.times += 1;
                if leak.at.len() < TOLD_MAX {
                    leak.at.push(before + found.start() as u64);
                }
            }
            if read == 0 {
                return Ok(leak);
            }
            // A text may lie across two pieces.
            let keep = piece.len().min(self.longest);
            before += (piece.len() - keep) as u64;
            piece.drain(..piece.len() - keep);
            seen = piece.len();
        }
    }
}
