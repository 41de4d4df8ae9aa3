//! What PostgreSQL writes differently: types, partitions, and an insert of many rows. Nothing else may differ.

/// A migration as PostgreSQL understands it: its types, text ordered by bytes as SQLite orders it, and every table
/// whose key begins with the jurisdiction partitioned by it. A table with one row for each jurisdiction stays whole.
pub(super) fn schema(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() * 2);
    for statement in sql.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
        let plain = statement.trim_end_matches("WITHOUT ROWID").trim_end();
        out.push_str(&types(plain));
        if is_partitioned(plain) {
            out.push_str(" PARTITION BY LIST (j)");
        }
        out.push_str(";\n");
    }
    out
}

fn is_partitioned(statement: &str) -> bool {
    statement.starts_with("CREATE TABLE") && statement.contains("PRIMARY KEY (j,")
}

/// Replaces whole words outside of quotes.
fn types(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() * 2);
    let mut word = String::new();
    let mut quoted = false;
    for letter in sql.chars().chain(std::iter::once(' ')) {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            word.push(letter);
            continue;
        }
        out.push_str(match word.as_str() {
            "BLOB" if !quoted => "BYTEA",
            "TEXT" if !quoted => "TEXT COLLATE \"C\"",
            other => other,
        });
        word.clear();
        quoted ^= letter == '\'';
        out.push(letter);
    }
    out.truncate(out.trim_end().len());
    out
}

/// `INSERT … VALUES ($1, …, $n)` with one array for each column instead of one value; `None` where the statement is
/// of another shape, or where one row may change what another of the same batch inserted, which one statement cannot.
pub(super) fn insert_arrays(sql: &str, types: &[&str]) -> Option<String> {
    if sql.contains("DO UPDATE") {
        return None;
    }
    let begin = sql.find("VALUES (")?;
    let inside = begin + "VALUES (".len();
    let end = inside + sql.get(inside..)?.find(')')?;
    let expected: Vec<String> = (1..=types.len()).map(|number| format!("${number}")).collect();
    let given: Vec<&str> = sql.get(inside..end)?.split(',').map(str::trim).collect();
    if given != expected || sql.get(end..)?.contains('$') {
        return None;
    }
    let arrays: Vec<String> = expected.iter().zip(types).map(|(value, kind)| format!("{value}::{kind}[]")).collect();
    Some(format!("{}SELECT * FROM UNNEST({}){}", sql.get(..begin)?, arrays.join(", "), sql.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_keeps_its_meaning_in_the_other_engine() {
        let told = schema(
            "CREATE TABLE a (j BIGINT NOT NULL, s TEXT NOT NULL DEFAULT 'TEXT', b BLOB, PRIMARY KEY (j, s)) WITHOUT ROWID;
             CREATE TABLE folder (j BIGINT NOT NULL, PRIMARY KEY (j));",
        );
        assert_eq!(
            told,
            "CREATE TABLE a (j BIGINT NOT NULL, s TEXT COLLATE \"C\" NOT NULL DEFAULT 'TEXT', b BYTEA, \
             PRIMARY KEY (j, s)) PARTITION BY LIST (j);\nCREATE TABLE folder (j BIGINT NOT NULL, PRIMARY KEY (j));\n"
        );
    }

    #[test]
    fn many_rows_go_in_as_arrays_only_where_one_statement_means_the_same() {
        let plain = "INSERT INTO a (j, s) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        assert_eq!(
            insert_arrays(plain, &["int8", "text"]).as_deref(),
            Some("INSERT INTO a (j, s) SELECT * FROM UNNEST($1::int8[], $2::text[]) ON CONFLICT DO NOTHING")
        );
        let adding = "INSERT INTO a (j, s) VALUES ($1, $2) ON CONFLICT (j) DO UPDATE SET s = excluded.s";
        assert_eq!(insert_arrays(adding, &["int8", "text"]), None);
        assert_eq!(insert_arrays("INSERT INTO a (j, s) VALUES ($1, 0)", &["int8"]), None);
        assert_eq!(insert_arrays("UPDATE a SET s = $2 WHERE j = $1", &["int8", "text"]), None);
    }
}
