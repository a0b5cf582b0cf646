//! The public names of the core, which is the model of all languages, from its sources.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use proc_macro2::Span;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Expr, Field, FieldValue, Ident, ImplItem, Item, ItemEnum, ItemUse, Lit, Member,
    Meta, Token, TraitItem, Type, UseTree, Visibility,
};

use crate::sources::Sources;
use crate::surface::{Declared, Surface};

const CORE: &str = "core/src/";
const ROOT: &str = "core/src/lib.rs";
const CONFIG: &str = "core/src/config.rs";
const BY_NAME: &str = "core/src/config/text.rs";
const CLI: &str = "cli/src/settings.rs";

/// The sources of the core.
pub(crate) struct Rust {
    files: BTreeMap<String, Vec<Item>>,
    /// What the root exports, each with its module.
    exports: Vec<(String, String)>,
    /// Modules that are public themselves, for programs with a store of their own.
    public_modules: Vec<String>,
}

impl Rust {
    pub(crate) fn parse(sources: &Sources) -> Result<Self> {
        let mut files = BTreeMap::new();
        for file in sources.below(CORE, ".rs") {
            files.insert(file.to_owned(), items(sources, file)?);
        }
        let root = files.get(ROOT).context("the core has no root")?;
        let mut exports = Vec::new();
        let mut public_modules = Vec::new();
        for item in root {
            match item {
                Item::Use(it) if is_public(&it.vis) => exported(it, &mut exports),
                Item::Mod(it) if is_public(&it.vis) => public_modules.push(it.ident.to_string()),
                _ => {}
            }
        }
        Ok(Self {
            files,
            exports,
            public_modules,
        })
    }

    /// What Rust programs see.
    pub(crate) fn surface(&self) -> Result<Surface> {
        let mut surface = Surface::default();
        for (module, name) in &self.exports {
            for (file, items) in &self.files {
                let here = Here { file, name };
                if belongs(file, module) {
                    here.add_definitions(items, &mut surface)?;
                }
                let is_elsewhere = self.public_modules.iter().any(|it| belongs(file, it));
                if belongs(file, module) || !is_elsewhere {
                    here.add_methods(items, &mut surface);
                }
            }
        }
        Ok(surface)
    }

    /// The settings that can be set by their names.
    pub(crate) fn settings_by_name(&self) -> Result<Surface> {
        let mut surface = Surface::default();
        for item in &self.files[BY_NAME] {
            if let Some(tokens) = invocation(item, "fields") {
                let parser = Punctuated::<FieldValue, Token![,]>::parse_terminated;
                for field in parser.parse2(tokens.clone())? {
                    if let Member::Named(name) = &field.member {
                        surface.add(declared(BY_NAME, "Config", name, &[]));
                    }
                }
            }
        }
        Ok(surface)
    }

    /// What the constants say that a setting is where nobody says anything.
    pub(crate) fn defaults(&self) -> BTreeMap<String, String> {
        let constants = self.files[CONFIG].iter().filter_map(|item| match item {
            Item::Const(constant) => Some(constant),
            _ => None,
        });
        constants
            .filter_map(|constant| {
                let name = constant.ident.to_string();
                let setting = name.strip_prefix("DEFAULT_")?.to_lowercase();
                Some((setting, literal(&constant.expr)?))
            })
            .collect()
    }
}

/// The flags of `leasehold run`.
pub(crate) fn flags(sources: &Sources) -> Result<Surface> {
    let mut surface = Surface::default();
    for item in items(sources, CLI)? {
        if let Item::Struct(it) = item {
            for field in &it.fields {
                if let Some(name) = &field.ident {
                    surface.add(declared(CLI, "Config", name, &field.attrs));
                }
            }
        }
    }
    Ok(surface)
}

/// A file in which a type of this name, or its methods, may stand.
struct Here<'a> {
    file: &'a str,
    name: &'a str,
}

impl Here<'_> {
    fn add_definitions(&self, items: &[Item], surface: &mut Surface) -> Result<()> {
        for item in items {
            match item {
                Item::Struct(it) if it.ident == self.name => {
                    surface.add(self.of_type(it.ident.span()));
                    for field in it.fields.iter().filter(|field| is_public(&field.vis)) {
                        self.add_field(field, surface);
                    }
                }
                Item::Enum(it) if it.ident == self.name => self.add_enum(it, surface),
                Item::Trait(it) if it.ident == self.name => {
                    surface.add(self.of_type(it.ident.span()));
                    for item in &it.items {
                        if let TraitItem::Fn(function) = item {
                            let (ident, attrs) = (&function.sig.ident, &function.attrs);
                            surface.add(declared(self.file, self.name, ident, attrs));
                        }
                    }
                }
                Item::Fn(it) if it.sig.ident == self.name => {
                    surface.add(self.of_type(it.sig.ident.span()));
                }
                Item::Macro(_) => {
                    if let Some(tokens) = invocation(item, "named") {
                        let it: ItemEnum = syn::parse2(tokens.clone())?;
                        if it.ident == self.name {
                            self.add_enum(&it, surface);
                        }
                    }
                    if let Some(tokens) = invocation(item, "setters")
                        && self.name == "Config"
                    {
                        let parser = Punctuated::<Field, Token![,]>::parse_terminated_with;
                        let fields = move |input: &syn::parse::ParseBuffer<'_>| {
                            parser(input, Field::parse_named)
                        };
                        for field in &fields.parse2(tokens.clone())? {
                            self.add_field(field, surface);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn add_methods(&self, items: &[Item], surface: &mut Surface) {
        for item in items {
            let Item::Impl(it) = item else { continue };
            let is_of_it =
                matches!(&*it.self_ty, Type::Path(path) if path.path.is_ident(self.name));
            if it.trait_.is_some() || !is_of_it {
                continue;
            }
            for item in &it.items {
                if let ImplItem::Fn(function) = item
                    && is_public(&function.vis)
                    && !is_hidden(&function.attrs)
                    && function.sig.ident != "new"
                {
                    let (ident, attrs) = (&function.sig.ident, &function.attrs);
                    surface.add(declared(self.file, self.name, ident, attrs));
                }
            }
        }
    }

    fn add_enum(&self, it: &ItemEnum, surface: &mut Surface) {
        surface.add(self.of_type(it.ident.span()));
        for variant in &it.variants {
            // The name that a list of `named!` gives it, or else its own.
            let named = variant.discriminant.as_ref();
            let name = named.and_then(|(_, value)| literal(value));
            surface.add(Declared {
                name: format!(
                    "{}.{}",
                    self.name,
                    name.unwrap_or_else(|| variant.ident.to_string())
                ),
                ..declared(self.file, self.name, &variant.ident, &variant.attrs)
            });
        }
    }

    fn add_field(&self, field: &Field, surface: &mut Surface) {
        if let Some(name) = &field.ident {
            surface.add(declared(self.file, self.name, name, &field.attrs));
        }
    }

    fn of_type(&self, span: Span) -> Declared {
        Declared {
            name: self.name.to_owned(),
            file: self.file.to_owned(),
            line: span.start().line,
            docs: String::new(),
        }
    }
}

fn items(sources: &Sources, file: &str) -> Result<Vec<Item>> {
    let parsed = syn::parse_file(&sources.text(file)?);
    Ok(parsed
        .with_context(|| format!("{file} cannot be parsed"))?
        .items)
}

fn declared(file: &str, owner: &str, member: &Ident, attrs: &[Attribute]) -> Declared {
    Declared {
        name: format!("{owner}.{member}"),
        file: file.to_owned(),
        line: member.span().start().line,
        docs: docs(attrs),
    }
}

/// Whether a file is that of a module, or one below it.
fn belongs(file: &str, module: &str) -> bool {
    let path = file.strip_prefix(CORE).unwrap_or(file);
    let below = path.strip_prefix(module);
    below.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// `module` and `Name` for each that is named.
fn exported(item: &ItemUse, exports: &mut Vec<(String, String)>) {
    let UseTree::Path(path) = &item.tree else {
        return;
    };
    let names = match &*path.tree {
        UseTree::Group(group) => group.items.iter().collect(),
        single => vec![single],
    };
    for tree in names {
        if let UseTree::Name(name) = tree {
            exports.push((path.ident.to_string(), name.ident.to_string()));
        }
    }
}

fn invocation<'a>(item: &'a Item, name: &str) -> Option<&'a proc_macro2::TokenStream> {
    match item {
        Item::Macro(it) if it.mac.path.is_ident(name) => Some(&it.mac.tokens),
        _ => None,
    }
}

/// `"config"`, `10`, `true`, or the seconds of `Duration::from_secs(15)`.
fn literal(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(it) => match &it.lit {
            Lit::Str(text) => Some(text.value()),
            Lit::Int(number) => Some(number.base10_digits().to_owned()),
            Lit::Bool(switch) => Some(switch.value.to_string()),
            _ => None,
        },
        Expr::Call(call) => literal(call.args.first()?),
        Expr::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

fn docs(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(it) if it.path.is_ident("doc") => literal(&it.value),
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_hidden(attrs: &[Attribute]) -> bool {
    let mut lists = attrs.iter().filter_map(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("doc") => Some(list.tokens.to_string()),
        _ => None,
    });
    lists.any(|list| list == "hidden")
}
