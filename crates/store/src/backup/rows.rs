//! Files of rows: values one after the other, each with its kind and length, the same whichever engine they came from.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use outpace_core::Value;

use super::sealing::Sealer;
use super::{RowsFile, at};
use crate::engine::{Result, Row, StoreError, Tx};
use crate::private;
use crate::values;

/// The longest text or bytes of one value: no fact comes near it.
const VALUE_BYTES_MAX: u64 = 1 << 30;
/// Rows that go to the engine at once.
const ROWS_AT_ONCE: usize = 2_000;

/// One value on its way into a file or out of one.
pub(super) enum Owned {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl Owned {
    fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(number) => Self::Int(*number),
            Value::Real(number) => Self::Real(*number),
            Value::Text(text) => Self::Text((*text).to_owned()),
            Value::Blob(bytes) => Self::Blob(bytes.to_vec()),
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Int(number) => Value::Int(*number),
            Self::Real(number) => Value::Real(*number),
            Self::Text(text) => Value::Text(text),
            Self::Blob(bytes) => Value::Blob(bytes),
        }
    }
}

/// A file that is hashed while it is written.
struct Hashed {
    out: BufWriter<File>,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Hashed {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn put_long(&mut self, kind: u8, bytes: &[u8]) -> std::io::Result<()> {
        self.put(&[kind])?;
        self.put(&(bytes.len() as u64).to_le_bytes())?;
        self.put(bytes)
    }

    fn put_value(&mut self, value: &Value<'_>) -> std::io::Result<()> {
        match value {
            Value::Null => self.put(b"n"),
            Value::Int(number) => self.put(b"i").and_then(|()| self.put(&number.to_le_bytes())),
            Value::Real(number) => self.put(b"r").and_then(|()| self.put(&number.to_bits().to_le_bytes())),
            Value::Text(text) => self.put_long(b't', text.as_bytes()),
            Value::Blob(bytes) => self.put_long(b'b', bytes),
        }
    }
}

/// Writes all rows of a jurisdiction in a table, in the order of its key. `seal` puts sealed values in the place
/// of a row's.
pub(super) fn write(
    tx: &mut Tx<'_>,
    to: &Path,
    table: &str,
    columns: &[String],
    key: &BTreeMap<usize, String>,
    seal: Option<&Sealer<'_>>,
) -> Result<RowsFile> {
    let mut told =
        RowsFile { table: table.to_owned(), columns: columns.to_vec(), rows: 0, bytes: 0, blake3: String::new() };
    let path = told.path(to);
    let file = private::create(&path).map_err(|error| at(&path, &error))?;
    let mut out = Hashed { out: BufWriter::with_capacity(1 << 20, file), hasher: blake3::Hasher::new(), bytes: 0 };
    let order: Vec<&str> = key.values().map(String::as_str).collect();
    let order = if order.is_empty() { columns.join(", ") } else { order.join(", ") };
    let sql = format!("SELECT {} FROM {table} WHERE j = $1 ORDER BY {order}", columns.join(", "));
    let jurisdiction = tx.jurisdiction();
    tx.each(&sql, values![jurisdiction], |row: &Row<'_>| {
        told.rows += 1;
        let Some(sealer) = seal else {
            return (0..columns.len()).try_for_each(|column| {
                let value = row.value(column)?;
                out.put_value(&value).map_err(|error| at(&path, &error))
            });
        };
        let mut owned = (0..columns.len())
            .map(|column| row.value(column).map(|value| Owned::of(&value)))
            .collect::<Result<Vec<Owned>>>()?;
        sealer.seal(&mut owned)?;
        owned.iter().try_for_each(|value| out.put_value(&value.value()).map_err(|error| at(&path, &error)))
    })?;
    told.bytes = out.bytes;
    told.blake3 = out.hasher.finalize().to_hex().to_string();
    let file = out.out.into_inner().map_err(|error| at(&path, error.error()))?;
    file.sync_all().map_err(|error| at(&path, &error))?;
    Ok(told)
}

/// Whether a file is what the manifest says.
pub(super) fn check(from: &Path, told: &RowsFile) -> Result<()> {
    let path = told.path(from);
    let file = File::open(&path).map_err(|error| at(&path, &error))?;
    let mut hasher = blake3::Hasher::new();
    let bytes =
        std::io::copy(&mut BufReader::with_capacity(1 << 20, file), &mut hasher).map_err(|error| at(&path, &error))?;
    if bytes != told.bytes || hasher.finalize().to_hex().as_str() != told.blake3 {
        return Err(damaged(&path));
    }
    Ok(())
}

fn damaged(path: &Path) -> StoreError {
    StoreError::Folder(format!(
        "{}: 与备份清单不符,文件已损坏,未恢复任何内容 · not what the manifest says: the file is damaged, nothing was restored",
        path.display()
    ))
}

fn array<const N: usize>(input: &mut impl Read) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn long(input: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let length = u64::from_le_bytes(array(input)?);
    if length > VALUE_BYTES_MAX {
        return Err(std::io::Error::other("a value is too long"));
    }
    let mut bytes = Vec::new();
    input.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}

fn value(input: &mut impl Read) -> std::io::Result<Owned> {
    let kind: [u8; 1] = array(input)?;
    Ok(match kind[0] {
        b'n' => Owned::Null,
        b'i' => Owned::Int(i64::from_le_bytes(array(input)?)),
        b'r' => Owned::Real(f64::from_bits(u64::from_le_bytes(array(input)?))),
        b't' => Owned::Text(String::from_utf8(long(input)?).map_err(std::io::Error::other)?),
        b'b' => Owned::Blob(long(input)?),
        _ => return Err(std::io::Error::other("a value of no kind")),
    })
}

/// Puts the rows of a file into its table. `open` puts the values back that were sealed.
pub(super) fn read(
    tx: &mut Tx<'_>,
    from: &Path,
    told: &RowsFile,
    open: &mut dyn FnMut(&mut [Owned]) -> Result<()>,
) -> Result<()> {
    let path = told.path(from);
    let file = File::open(&path).map_err(|error| at(&path, &error))?;
    let mut input = BufReader::with_capacity(1 << 20, file);
    let places: Vec<String> = (1..=told.columns.len()).map(|place| format!("${place}")).collect();
    let sql = format!("INSERT INTO {} ({}) VALUES ({})", told.table, told.columns.join(", "), places.join(", "));
    let mut left = usize::try_from(told.rows).map_err(|_| damaged(&path))?;
    while left > 0 {
        let now = left.min(ROWS_AT_ONCE);
        let mut rows: Vec<Vec<Owned>> = (0..now)
            .map(|_| (0..told.columns.len()).map(|_| value(&mut input)).collect())
            .collect::<std::io::Result<_>>()
            .map_err(|_| damaged(&path))?;
        rows.iter_mut().try_for_each(|row| open(row))?;
        tx.connection().execute_many(&sql, &mut |run| {
            rows.iter().try_for_each(|row| run(&row.iter().map(Owned::value).collect::<Vec<_>>()))
        })?;
        left -= now;
    }
    if input.read(&mut [0]).map_err(|error| at(&path, &error))? != 0 {
        return Err(damaged(&path));
    }
    Ok(())
}
