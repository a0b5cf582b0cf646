//! What the syntax trees of Java, TypeScript and Python have in common.

use anyhow::{Context, Result, ensure};
use tree_sitter::{Language, Node, Parser, Tree};

use crate::surface::Declared;

/// A file with its syntax tree.
pub(crate) struct Parsed {
    pub(crate) file: String,
    text: String,
    tree: Tree,
}

impl Parsed {
    pub(crate) fn new(language: &Language, file: &str, text: String) -> Result<Self> {
        let mut parser = Parser::new();
        parser.set_language(language)?;
        let tree = parser.parse(&text, None).context("no time limit is set")?;
        ensure!(!tree.root_node().has_error(), "{file} cannot be parsed");
        Ok(Self {
            file: file.to_owned(),
            text,
            tree,
        })
    }

    pub(crate) fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }

    pub(crate) fn text(&self, node: Node<'_>) -> &str {
        &self.text[node.byte_range()]
    }

    /// The text of a node's field; empty where it has none.
    pub(crate) fn field(&self, node: Node<'_>, field: &str) -> &str {
        node.child_by_field_name(field)
            .map_or("", |child| self.text(child))
    }

    pub(crate) fn declared(&self, name: impl Into<String>, node: Node<'_>, docs: &str) -> Declared {
        Declared {
            name: name.into(),
            file: self.file.clone(),
            line: node.start_position().row + 1,
            docs: docs.to_owned(),
        }
    }

    /// The comment before a node; empty where there is none.
    pub(crate) fn comment_before(&self, node: Node<'_>) -> &str {
        node.prev_named_sibling()
            .filter(|before| before.kind().ends_with("comment"))
            .map_or("", |comment| self.text(comment))
    }
}

/// The children that the grammar names.
pub(crate) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    node.named_children(&mut node.walk()).collect()
}

/// The children of a node's field; none where it has no such field.
pub(crate) fn children_of<'tree>(node: Node<'tree>, field: &str) -> Vec<Node<'tree>> {
    node.child_by_field_name(field)
        .map(children)
        .unwrap_or_default()
}

/// The nodes of a kind at any depth, in their order.
pub(crate) fn all<'tree>(node: Node<'tree>, kind: &str) -> Vec<Node<'tree>> {
    if node.kind() == kind {
        return vec![node];
    }
    let inner = children(node).into_iter();
    inner.flat_map(|child| all(child, kind)).collect()
}
