//! The public names of Node's package, from its sources.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use tree_sitter::Node;

use crate::sources::Sources;
use crate::surface::Surface;
use crate::tree::{Parsed, all, children, children_of};

const PACKAGE: &str = "bindings-node/lib/";
const INDEX: &str = "bindings-node/lib/index.ts";

/// What Node programs see: what the index exports.
pub(crate) fn surface(sources: &Sources) -> Result<Surface> {
    let typescript = tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into();
    let mut files = BTreeMap::new();
    for file in sources.below(PACKAGE, ".ts") {
        files.insert(file, Parsed::new(&typescript, file, sources.text(file)?)?);
    }
    let index = files.get(INDEX).with_context(|| format!("no {INDEX}"))?;
    let exported = all(index.root(), "export_specifier").into_iter();
    let exported: Vec<_> = exported.map(|it| index.field(it, "name")).collect();
    let mut surface = Surface::default();
    for (file, parsed) in &files {
        for export in children(parsed.root()) {
            let declaration = export.child_by_field_name("declaration");
            if let Some(declaration) = declaration
                && *file != INDEX
                && exported.contains(&parsed.field(declaration, "name"))
            {
                add(parsed, export, declaration, &mut surface);
            }
        }
    }
    for name in exported {
        surface.must_have(name, INDEX)?;
    }
    Ok(surface)
}

fn add(parsed: &Parsed, export: Node<'_>, declaration: Node<'_>, surface: &mut Surface) {
    let name = parsed.field(declaration, "name");
    surface.add(parsed.declared(name, declaration, parsed.comment_before(export)));
    for member in children_of(declaration, "body") {
        let Some(of_member) = member.child_by_field_name("name") else {
            continue;
        };
        let docs = parsed.comment_before(member);
        let is_public = of_member.kind() == "property_identifier"
            && parsed.text(of_member) != "constructor"
            && !docs.contains("@internal");
        if is_public {
            let name = format!("{name}.{}", parsed.text(of_member));
            surface.add(parsed.declared(name, member, docs));
        }
    }
    if declaration.kind() == "type_alias_declaration" {
        for literal in all(declaration, "string_fragment") {
            let name = format!("{name}.{}", parsed.text(literal));
            surface.add(parsed.declared(name, literal, ""));
        }
    }
}
