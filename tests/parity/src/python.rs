//! The public names of Python's package, from its sources and the stub of its native module, which
//! stubtest compares with the module itself.

use anyhow::{Context, Result};
use tree_sitter::Node;

use crate::places::SETTING;
use crate::sources::Sources;
use crate::surface::{Declared, Surface};
use crate::tree::{Parsed, all, children, children_of};

const PACKAGE: &str = "bindings-python/python/leasehold/";
const TYPES: &str = "bindings-python/python/leasehold/types.py";
/// Which `__all__` says what is public.
const INDEX: &str = "bindings-python/python/leasehold/__init__.py";
const ASYNCIO: &str = "bindings-python/python/leasehold/aio.py";

/// The modules of the package.
pub(crate) struct Python(Vec<Parsed>);

impl Python {
    pub(crate) fn parse(sources: &Sources) -> Result<Self> {
        let python = tree_sitter_python::LANGUAGE.into();
        let modules = sources.below(PACKAGE, ".py");
        let files = modules.chain(sources.below(PACKAGE, ".pyi"));
        let parsed = files.map(|file| Parsed::new(&python, file, sources.text(file)?));
        Ok(Self(parsed.collect::<Result<_>>()?))
    }

    /// What programs see that do without asyncio, with the types for their annotations.
    pub(crate) fn surface(&self) -> Result<Surface> {
        let mut surface = Surface::default();
        let index = self.module(INDEX)?;
        for name in listed(index) {
            for (parsed, class) in self.classes(name) {
                if parsed.file != ASYNCIO {
                    surface.extend(self.of_class(parsed, class, name)?);
                }
            }
            for (parsed, function) in self.functions(name) {
                surface.add(parsed.declared(name, function, ""));
            }
            surface.must_have(name, INDEX)?;
        }
        let types = self.module(TYPES)?;
        let statements = children(types.root()).into_iter();
        for assignment in statements.filter_map(|node| node.named_child(0)) {
            if assignment.kind() != "assignment" {
                continue;
            }
            let name = types.field(assignment, "left");
            surface.add(types.declared(name, assignment, ""));
            for value in values(types, assignment) {
                surface.add(types.declared(format!("{name}.{value}"), assignment, ""));
            }
        }
        surface.extend(self.settings()?);
        Ok(surface)
    }

    /// What programs see that are asynchronous.
    pub(crate) fn asyncio(&self) -> Result<Surface> {
        let aio = self.module(ASYNCIO)?;
        let mut surface = Surface::default();
        for name in listed(aio) {
            let (_, class) = self
                .classes(name)
                .find(|(parsed, _)| parsed.file == ASYNCIO)
                .with_context(|| format!("{ASYNCIO} lists {name}, and has no such class"))?;
            surface.extend(self.of_class(aio, class, name)?);
        }
        Ok(surface)
    }

    /// The settings as a type for annotations.
    pub(crate) fn annotations(&self) -> Result<Surface> {
        let types = self.module(TYPES)?;
        let mut surface = Surface::default();
        for (_, class) in self.classes("Settings") {
            for field in all(class, "assignment") {
                let name = format!("{SETTING}.{}", types.field(field, "left"));
                surface.add(types.declared(name, field, ""));
            }
        }
        Ok(surface)
    }

    /// The arguments of the constructor, each with its line of the class's documentation.
    fn settings(&self) -> Result<Surface> {
        let (parsed, class) = self
            .classes("Candidate")
            .next()
            .context("the class Candidate takes the settings")?;
        let docs = all(class, "string_content");
        let docs = docs.first().map_or("", |docs| parsed.text(*docs));
        let mut surface = Surface::default();
        for function in all(class, "function_definition") {
            if parsed.field(function, "name") != "__new__" {
                continue;
            }
            surface.add(parsed.declared(SETTING, function, ""));
            for parameter in children_of(function, "parameters") {
                let name = parsed.field(parameter, "name");
                if !name.is_empty() {
                    let docs = bullet(docs, name);
                    surface.add(parsed.declared(format!("{SETTING}.{name}"), parameter, docs));
                }
            }
        }
        Ok(surface)
    }

    /// A class with its methods, and those of the classes above it that are not public themselves.
    fn of_class(&self, parsed: &Parsed, class: Node<'_>, name: &str) -> Result<Surface> {
        let mut surface = Surface::default();
        surface.add(parsed.declared(name, class, ""));
        for member in members(parsed, class) {
            surface.add(Declared {
                name: format!("{name}.{}", member.name),
                ..member
            });
        }
        let listed = listed(self.module(INDEX)?);
        for base in children_of(class, "superclasses") {
            let base = parsed.text(base);
            for (parsed, class) in self.classes(base).filter(|_| !listed.contains(&base)) {
                surface.extend(self.of_class(parsed, class, name)?);
            }
        }
        Ok(surface)
    }

    fn module(&self, file: &str) -> Result<&Parsed> {
        let mut modules = self.0.iter();
        modules
            .find(|parsed| parsed.file == file)
            .with_context(|| format!("no {file}"))
    }

    fn classes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a Parsed, Node<'a>)> {
        self.definitions("class_definition", name)
    }

    fn functions<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a Parsed, Node<'a>)> {
        self.definitions("function_definition", name)
    }

    /// The definitions of that name on the level of a module.
    fn definitions<'a>(
        &'a self,
        kind: &'static str,
        name: &'a str,
    ) -> impl Iterator<Item = (&'a Parsed, Node<'a>)> {
        self.0.iter().flat_map(move |parsed| {
            let top = children(parsed.root()).into_iter().map(undecorated);
            let found =
                top.filter(move |node| node.kind() == kind && parsed.field(*node, "name") == name);
            found.map(move |node| (parsed, node))
        })
    }
}

/// The names in `__all__`.
fn listed(parsed: &Parsed) -> Vec<&str> {
    let lists = all(parsed.root(), "assignment").into_iter();
    lists
        .filter(|assignment| parsed.field(*assignment, "left") == "__all__")
        .flat_map(|assignment| all(assignment, "string_content"))
        .map(|name| parsed.text(name))
        .collect()
}

/// The public methods and properties of a class, and what its methods keep in public attributes.
fn members(parsed: &Parsed, class: Node<'_>) -> Vec<Declared> {
    let mut members = Vec::new();
    for node in children_of(class, "body").into_iter().map(undecorated) {
        let name = parsed.field(node, "name");
        if node.kind() == "function_definition" && !name.starts_with('_') {
            members.push(parsed.declared(name, node, ""));
        }
    }
    for assignment in all(class, "assignment") {
        let attribute = parsed.field(assignment, "left").strip_prefix("self.");
        if let Some(name) = attribute.filter(|name| !name.starts_with('_')) {
            members.push(parsed.declared(name, assignment, ""));
        }
    }
    members
}

fn undecorated(node: Node<'_>) -> Node<'_> {
    node.child_by_field_name("definition").unwrap_or(node)
}

/// What a type alias allows: the texts of a `Literal`, or the classes of a union.
fn values<'a>(parsed: &'a Parsed, alias: Node<'a>) -> Vec<&'a str> {
    let Some(value) = alias.child_by_field_name("right") else {
        return Vec::new();
    };
    let literals = all(value, "string_content");
    let is_union_of_classes = literals.is_empty() && parsed.field(alias, "left") == "Event";
    let values = if is_union_of_classes {
        all(value, "identifier")
    } else {
        literals
    };
    values.into_iter().map(|value| parsed.text(value)).collect()
}

/// The item of a list that begins with this name; empty where there is none.
fn bullet<'a>(docs: &'a str, name: &str) -> &'a str {
    let items = docs.split("\n\n").flat_map(|part| part.split("\n    - "));
    let mut found = items.filter_map(|item| item.strip_prefix(&format!("`{name}`: ")));
    found.next().unwrap_or_default()
}
