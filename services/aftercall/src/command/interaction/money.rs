//! Amounts of money, with as many digits as their currency has.

use aftercall_proto::model::v1::Money;
use iso_currency::Currency;

/// The digits of a billionth, which is what an amount's fraction is counted in.
const DIGITS: usize = 9;

/// An amount with its currency: `12.50 EUR`, `1250 JPY`, `1.250 KWD`. What is smaller than the
/// currency's smallest coin is shown all the same.
pub(super) fn money(amount: &Money) -> String {
    let Money {
        currency_code,
        units,
        nanos,
    } = amount;
    let known = Currency::from_code(currency_code).and_then(Currency::exponent);
    let digits = known.map_or(0, usize::from).min(DIGITS);
    let sign = if *units < 0 || *nanos < 0 { "-" } else { "" };
    let whole = units.unsigned_abs();
    let part = format!("{:0DIGITS$}", nanos.unsigned_abs());
    let said = part.trim_end_matches('0').len();
    match said.max(digits) {
        0 => format!("{sign}{whole} {currency_code}"),
        shown => format!("{sign}{whole}.{} {currency_code}", &part[..shown]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_has_its_own_digits() {
        for (units, nanos, currency, shown) in [
            (12, 500_000_000, "EUR", "12.50 EUR"),
            (12, 505_000_000, "EUR", "12.505 EUR"),
            (0, -500_000_000, "USD", "-0.50 USD"),
            (-3, 0, "USD", "-3.00 USD"),
            (1250, 0, "JPY", "1250 JPY"),
            (0, 500_000_000, "JPY", "0.5 JPY"),
            (1, 250_000_000, "KWD", "1.250 KWD"),
            (1, 0, "CLF", "1.0000 CLF"),
            (3, 0, "XAU", "3 XAU"),
            (3, 100_000_000, "ZZZ", "3.1 ZZZ"),
            (i64::MIN, -1, "EUR", "-9223372036854775808.000000001 EUR"),
            (0, 0, "EUR", "0.00 EUR"),
        ] {
            let amount = Money {
                currency_code: currency.to_owned(),
                units,
                nanos,
            };
            assert_eq!(money(&amount), shown);
        }
    }
}
