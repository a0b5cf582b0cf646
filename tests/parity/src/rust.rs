//! The public names of the core, which is the model of all languages, from its sources.

mod definitions;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Field, FieldValue, Item, ItemUse, Member, Token, Type, UseTree};

use self::definitions::{Here, declared, invocation, is_public, literal};
use crate::sources::Sources;
use crate::surface::Surface;

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
        let root = files.get(ROOT).with_context(|| format!("no {ROOT}"))?;
        let mut exports = Vec::new();
        let mut public_modules = Vec::new();
        for item in root {
            match item {
                Item::Use(it) if is_public(&it.vis) => exported(it, &mut exports)?,
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
            // Defaults are compared as such, and errors as each language raises them.
            if !name.starts_with("DEFAULT_") && name != "Result" {
                surface.must_have(name, ROOT)?;
            }
        }
        Ok(surface)
    }

    /// The settings that can be set by their names.
    pub(crate) fn settings_by_name(&self) -> Result<Surface> {
        let mut surface = Surface::default();
        for item in self.items(BY_NAME)? {
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
    pub(crate) fn defaults(&self) -> Result<BTreeMap<String, String>> {
        let constants = self.items(CONFIG)?.iter().filter_map(|item| match item {
            Item::Const(constant) => Some(constant),
            _ => None,
        });
        let mut defaults = BTreeMap::new();
        for constant in constants {
            let name = constant.ident.to_string();
            if let Some(setting) = name.strip_prefix("DEFAULT_") {
                let value = literal(&constant.expr);
                let value = value.with_context(|| format!("{CONFIG}: what is {name}?"))?;
                defaults.insert(setting.to_lowercase(), value);
            }
        }
        Ok(defaults)
    }

    fn items(&self, file: &str) -> Result<&[Item]> {
        let items = self.files.get(file).map(Vec::as_slice);
        items.with_context(|| format!("no {file}"))
    }
}

/// The flags of `leasehold run`.
pub(crate) fn flags(sources: &Sources) -> Result<Surface> {
    let mut surface = Surface::default();
    for item in items(sources, CLI)? {
        if let Item::Struct(it) = item {
            for field in it.fields.iter().filter(|it| may_be_left_out(it)) {
                if let Some(name) = &field.ident {
                    surface.add(declared(CLI, "Config", name, &field.attrs));
                }
            }
        }
    }
    Ok(surface)
}

/// As all settings may; what may not is an argument, or flags that another struct has.
fn may_be_left_out(field: &Field) -> bool {
    let Type::Path(it) = &field.ty else {
        return false;
    };
    it.path
        .segments
        .last()
        .is_some_and(|last| last.ident == "Option")
}

fn items(sources: &Sources, file: &str) -> Result<Vec<Item>> {
    let parsed = syn::parse_file(&sources.text(file)?);
    Ok(parsed
        .with_context(|| format!("{file} cannot be parsed"))?
        .items)
}

/// Whether a file is that of a module, or one below it.
fn belongs(file: &str, module: &str) -> bool {
    let path = file.strip_prefix(CORE).unwrap_or(file);
    let below = path.strip_prefix(module);
    below.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// `module` and `Name` for each that is named.
fn exported(item: &ItemUse, exports: &mut Vec<(String, String)>) -> Result<()> {
    let UseTree::Path(path) = &item.tree else {
        bail!("{ROOT} exports in a form that parity does not read: use `pub use module::Name`");
    };
    let names = match &*path.tree {
        UseTree::Group(group) => group.items.iter().collect(),
        single => vec![single],
    };
    for tree in names {
        let UseTree::Name(name) = tree else {
            bail!(
                "{ROOT} exports of {} in a form that parity does not read",
                path.ident
            );
        };
        exports.push((path.ident.to_string(), name.ident.to_string()));
    }
    Ok(())
}
