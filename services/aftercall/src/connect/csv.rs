//! Rows of comma-separated values.

/// Columns of a row that are read.
const COLUMNS_MAX: usize = 100;

/// The values of a row, without the quotation marks around them. One inside a value is doubled, or has a backslash
/// before it.
pub(super) fn values(row: &str, separator: char) -> Vec<String> {
    let (mut values, mut value, mut quoted) = (Vec::new(), String::new(), false);
    let mut rest = row.trim_end_matches(['\r', '\n']).chars().peekable();
    while let Some(one) = rest.next() {
        match one {
            '\\' if quoted && rest.peek() == Some(&'"') => value.extend(rest.next()),
            '"' if quoted && rest.peek() == Some(&'"') => value.extend(rest.next()),
            '"' if quoted => quoted = false,
            '"' if value.is_empty() => quoted = true,
            _ if one == separator && !quoted => {
                if values.len() >= COLUMNS_MAX {
                    return values;
                }
                values.push(std::mem::take(&mut value));
            }
            _ => value.push(one),
        }
    }
    values.push(value);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_were_meant() {
        for (row, expected) in [
            ("a,b,,d", &["a", "b", "", "d"][..]),
            ("\"a,b\",\"c\"\r\n", &["a,b", "c"]),
            (
                r#""""Ana"" <1>","{""cause"":16}""#,
                &["\"Ana\" <1>", "{\"cause\":16}"],
            ),
            (r#""{\"cause\":16}",x"#, &["{\"cause\":16}", "x"]),
            ("\"not closed, so", &["not closed, so"]),
            ("", &[""]),
        ] {
            assert_eq!(values(row, ','), expected, "{row}");
        }
        assert_eq!(values("a\tb", '\t'), ["a", "b"]);
        assert_eq!(values(&",".repeat(1_000), ',').len(), COLUMNS_MAX);
    }
}
