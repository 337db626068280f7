//! `taxonomies`: trees of codes to record by, and some to begin with.

use aftercall_domain::setting::Shipped;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{SettingKind, Taxonomy, TaxonomyKind, UnknownCodes};

use super::{Kind, Managing, Showing, manage};
use crate::command::{CommandError, Session};
use crate::output::{Card, Cell, Column, label};

/// A taxonomy as `taxonomies set` takes it.
pub(super) const EXAMPLE: &str = r#"{"displayName": "Root causes", "kind": "TAXONOMY_KIND_ROOT_CAUSE",
 "unknownCodes": "UNKNOWN_CODES_WARN",
 "nodes": [{"code": "process", "label": "How we work"},
           {"code": "process.delay", "label": "Took too long", "parentCode": "process"}]}"#;

/// Taxonomies: why customers call, what drives it, and what the root cause was
#[derive(Debug, clap::Subcommand)]
pub enum Taxonomies {
    /// What can be done with settings of any kind.
    #[command(flatten)]
    Managing(Managing),
    /// A tree to begin with, as `set` takes it: change it as you need it
    Shipped(ShippedArgs),
}

/// Which tree.
#[derive(Debug, clap::Args)]
pub struct ShippedArgs {
    /// Contact reasons of an industry, or one of the other kinds
    #[arg(value_parser = Shipped::ALL.map(|shipped| shipped.name))]
    name: String,
}

/// Runs a command on taxonomies.
///
/// # Errors
/// When the file is none, the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Taxonomies) -> Result<(), CommandError> {
    match command {
        Taxonomies::Managing(command) => manage::<Taxonomy>(session, command).await,
        Taxonomies::Shipped(args) => {
            let mut shipped = Shipped::ALL.into_iter();
            let shipped = shipped.find(|shipped| shipped.name == args.name);
            let lines = shipped.map_or_else(Vec::new, |shipped| lines(shipped.taxonomy().into()));
            let mut lines = lines.iter();
            Ok(lines.try_for_each(|line| session.output.line(line))?)
        }
    }
}

/// A taxonomy in JSON, with each code on a line of its own.
fn lines(taxonomy: Taxonomy) -> Vec<String> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let kind = quoted(taxonomy.kind().as_str_name());
    let mut lines = vec![
        "{".to_owned(),
        format!("  \"displayName\": {},", quoted(&taxonomy.display_name)),
        format!("  \"kind\": {kind},"),
        "  \"nodes\": [".to_owned(),
    ];
    let last = taxonomy.nodes.len().saturating_sub(1);
    for (place, node) in taxonomy.nodes.iter().enumerate() {
        let parent = match &*node.parent_code {
            "" => String::new(),
            code => format!(", \"parentCode\": {}", quoted(code)),
        };
        let (code, label) = (quoted(&node.code), quoted(&node.label));
        let comma = if place == last { "" } else { "," };
        lines.push(format!(
            "    {{\"code\": {code}, \"label\": {label}{parent}}}{comma}"
        ));
    }
    lines.extend(["  ]".to_owned(), "}".to_owned()]);
    lines
}

impl Kind for Taxonomy {
    const KIND: SettingKind = SettingKind::Taxonomy;
    const ONE: &'static str = "taxonomy";
    const MANY: &'static str = "taxonomies";

    fn of(body: Body) -> Option<Self> {
        match body {
            Body::Taxonomy(taxonomy) => Some(taxonomy),
            _ => None,
        }
    }

    fn body(self) -> Body {
        Body::Taxonomy(self)
    }

    fn name(&self) -> &str {
        &self.display_name
    }

    fn columns() -> Vec<Column> {
        vec![Column::full("of"), Column::number("codes")]
    }

    fn cells(&self, _: &Showing) -> Vec<Cell> {
        vec![
            Cell::from(label::<TaxonomyKind>(self.kind)),
            Cell::from(self.nodes.len().to_string()),
        ]
    }

    fn describe(&self, card: &mut Card, _: &Showing) {
        card.field("of", label::<TaxonomyKind>(self.kind));
        let refuses = self.unknown_codes() == UnknownCodes::Refuse;
        let unknown = if refuses { "refused" } else { "warned of" };
        card.field("codes not in use", unknown);
        for node in &self.nodes {
            let indent = match node.parent_code.is_empty() {
                true => "",
                false => "  ",
            };
            let mut shown = format!("{indent}{}  {}", node.code, node.label);
            if !node.maps_to.is_empty() {
                shown.push_str(" → ");
                shown.push_str(&node.maps_to);
            }
            card.field("code", shown);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_is_printed_as_it_is_set_up() {
        for shipped in Shipped::ALL {
            let taxonomy = Taxonomy::from(shipped.taxonomy());
            let text = lines(taxonomy.clone()).join("\n");
            let read: Taxonomy = serde_json::from_str(&text).unwrap();
            assert_eq!(read, taxonomy, "{}", shipped.name);
        }
        let example: Taxonomy = serde_json::from_str(EXAMPLE).unwrap();
        assert_eq!(example.nodes.len(), 2);
    }
}
