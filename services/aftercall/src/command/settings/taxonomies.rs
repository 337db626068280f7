//! `taxonomies`: trees of codes to record by, and some to begin with.

use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{SettingKind, Taxonomy, TaxonomyKind};

use super::{Kind, Managing, Showing, manage};
use crate::command::{CommandError, Session};
use crate::output::{Card, Cell, Column, label};

/// A taxonomy as `taxonomies set` takes it.
pub(super) const EXAMPLE: &str = r#"{"displayName": "Root causes", "kind": "TAXONOMY_KIND_ROOT_CAUSE",
 "nodes": [{"code": "process", "label": "How we work"},
           {"code": "process.delay", "label": "Took too long", "parentCode": "process"}]}"#;

/// Trees to begin with, by their names.
const SHIPPED: [(&str, &str); 8] = [
    ("general", include_str!("taxonomies/general.json")),
    ("telecom", include_str!("taxonomies/telecom.json")),
    ("hospitality", include_str!("taxonomies/hospitality.json")),
    (
        "retail-banking",
        include_str!("taxonomies/retail_banking.json"),
    ),
    ("utilities", include_str!("taxonomies/utilities.json")),
    ("dispositions", include_str!("taxonomies/dispositions.json")),
    ("drivers", include_str!("taxonomies/drivers.json")),
    ("root-causes", include_str!("taxonomies/root_causes.json")),
];

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
    #[arg(value_parser = SHIPPED.map(|(name, _)| name))]
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
            let shipped = SHIPPED.iter().find(|(name, _)| *name == args.name);
            let text = shipped.map_or("", |(_, text)| text);
            let mut lines = text.lines();
            Ok(lines.try_for_each(|line| session.output.line(line))?)
        }
    }
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
        for node in &self.nodes {
            let indent = match node.parent_code.is_empty() {
                true => "",
                false => "  ",
            };
            card.field("code", format!("{indent}{}  {}", node.code, node.label));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_is_taken_as_it_is() {
        for (name, text) in SHIPPED {
            let taxonomy: Taxonomy = serde_json::from_str(text).unwrap();
            let setting = aftercall_proto::model::v1::Setting {
                body: Some(Body::Taxonomy(taxonomy)),
                ..Default::default()
            };
            let body = aftercall_proto::convert::setting::body(&setting).unwrap();
            let mut found = aftercall_domain::Violations::new();
            body.check(aftercall_domain::FieldPath::ROOT, &mut found);
            assert!(found.is_empty(), "{name}: {found:?}");
        }
        let example: Taxonomy = serde_json::from_str(EXAMPLE).unwrap();
        assert_eq!(example.nodes.len(), 2);
    }
}
