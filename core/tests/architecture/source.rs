//! What each module of the crate uses, read from its source without its tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, Macro, Meta, UseTree};

/// A module, its path within the crate, and what it uses.
pub(crate) struct Module {
    pub(crate) path: Vec<String>,
    /// Full paths: of this crate, from `crate::` on, each to the module that has what is named; and
    /// of others.
    pub(crate) uses: BTreeSet<String>,
    pub(crate) is_unsafe: bool,
    /// Whether it has something for one operating system only.
    pub(crate) asks_for_system: bool,
    /// The paths as they are written, each from its module.
    written: Vec<Vec<String>>,
    /// Where the names come from that it imports.
    imports: BTreeMap<String, Vec<String>>,
}

impl Module {
    /// Whether it is the module of this path, or below.
    pub(crate) fn is_in(&self, room: &str) -> bool {
        let mut own = self.path.iter();
        room.split("::")
            .all(|part| own.next().is_some_and(|it| it == part))
    }

    /// The room of the crate that it belongs to.
    pub(crate) fn room(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path.join("::"))
    }
}

/// All modules of the crate in this folder.
pub(crate) fn read(source: &Path) -> Vec<Module> {
    let mut modules = Vec::new();
    read_module(&source.join("lib.rs"), source, Vec::new(), &mut modules);
    let resolved: Vec<_> = modules.iter().map(|it| resolve_all(it, &modules)).collect();
    for (module, uses) in modules.iter_mut().zip(resolved) {
        module.uses = uses;
    }
    modules
}

fn read_module(file: &Path, folder: &Path, path: Vec<String>, modules: &mut Vec<Module>) {
    let text =
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let tree = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut reader = Reader::default();
    reader.visit_file(&tree);
    for child in &reader.children {
        let mut path = path.clone();
        path.push(child.clone());
        let file = folder.join(format!("{child}.rs"));
        read_module(&file, &folder.join(child), path, modules);
    }
    modules.push(Module {
        path,
        uses: BTreeSet::new(),
        is_unsafe: reader.is_unsafe,
        asks_for_system: reader.asks_for_system,
        written: reader.written,
        imports: reader.imports,
    });
}

/// Reads one file.
#[derive(Default)]
struct Reader {
    children: Vec<String>,
    written: Vec<Vec<String>>,
    imports: BTreeMap<String, Vec<String>>,
    is_unsafe: bool,
    asks_for_system: bool,
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !attributes.iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if module.content.is_none() {
            self.children.push(module.ident.to_string());
        }
        visit::visit_item_mod(self, module);
    }

    fn visit_use_tree(&mut self, tree: &'ast UseTree) {
        self.read_use(tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|it| it.ident.to_string());
        self.written.push(segments.collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.asks_for_system |= call.path.is_ident("cfg") && is_about_system(&call.tokens);
        self.read_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let is_condition = ["cfg", "cfg_attr"]
            .iter()
            .any(|it| attribute.path().is_ident(it));
        if let Meta::List(condition) = &attribute.meta {
            self.asks_for_system |= is_condition && is_about_system(&condition.tokens);
        }
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.is_unsafe = true;
        visit::visit_expr_unsafe(self, block);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.is_unsafe |= item.unsafety.is_some();
        visit::visit_item_impl(self, item);
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    let Meta::List(condition) = &attribute.meta else {
        return false;
    };
    let condition = (condition.path.is_ident("cfg"), condition.tokens.to_string());
    [(true, "test"), (true, "any (test , fuzzing)")]
        .map(|(is_cfg, words)| (is_cfg, words.to_owned()))
        .contains(&condition)
}

/// Whether a condition of `cfg` is about the operating system.
fn is_about_system(condition: &TokenStream) -> bool {
    const WORDS: [&str; 5] = [
        "target_family",
        "target_os",
        "target_vendor",
        "unix",
        "windows",
    ];
    condition.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => WORDS.iter().any(|word| ident == word),
        TokenTree::Group(group) => is_about_system(&group.stream()),
        _ => false,
    })
}

impl Reader {
    fn read_use(&mut self, tree: &UseTree, before: &mut Vec<String>) {
        let mut import = |before: &[String], last: &syn::Ident, name: &syn::Ident| {
            let mut path = before.to_vec();
            if last != "self" {
                path.push(last.to_string());
            }
            let name = if name == "self" {
                path.last().cloned().unwrap_or_default()
            } else {
                name.to_string()
            };
            self.written.push(path.clone());
            self.imports.insert(name, path);
        };
        match tree {
            UseTree::Path(it) => {
                before.push(it.ident.to_string());
                self.read_use(&it.tree, before);
                before.pop();
            }
            UseTree::Name(it) => import(before, &it.ident, &it.ident),
            UseTree::Rename(it) => import(before, &it.ident, &it.rename),
            UseTree::Glob(_) => self.written.push(before.clone()),
            UseTree::Group(it) => {
                for tree in &it.items {
                    self.read_use(tree, before);
                }
            }
        }
    }

    /// The paths among the tokens of a macro.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.written.push(std::mem::take(&mut path));
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.written.push(std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.read_tokens(group.stream());
                    }
                }
            }
        }
        self.written.push(path);
    }
}

fn resolve_all(module: &Module, modules: &[Module]) -> BTreeSet<String> {
    let written = module.written.iter();
    written
        .filter_map(|path| resolve(&module.path, path, modules))
        .collect()
}

/// The full path that `path` means in the module `from`; `None` for what is no path out of it.
fn resolve(from: &[String], path: &[String], modules: &[Module]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let (mut base, mut rest) = match first.as_str() {
        "crate" => (Vec::new(), rest),
        "self" => (from.to_vec(), rest),
        "super" => (from[..from.len().checked_sub(1)?].to_vec(), rest),
        name => {
            let module = modules.iter().find(|it| it.path == from)?;
            return match module.imports.get(name) {
                Some(import) if import[0] != name && !rest.is_empty() => {
                    resolve(from, &[import, rest].concat(), modules)
                }
                _ => is_other_crate(path).then(|| path.join("::")),
            };
        }
    };
    while let ["super", ..] = rest.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        base.pop();
        rest = &rest[1..];
    }
    let find = |path: &[String]| modules.iter().find(|it| it.path == path);
    while let Some((next, after)) = rest.split_first() {
        base.push(next.clone());
        if find(&base).is_none() {
            base.pop();
            // What the module has from elsewhere is used from there.
            if let Some(import) = find(&base).and_then(|it| it.imports.get(next)) {
                let import = [import, after].concat();
                return resolve(&base, &import, modules);
            }
            let name = base.iter().chain([next]).map(String::as_str);
            let full: Vec<_> = ["crate"].into_iter().chain(name).collect();
            return Some(full.join("::"));
        }
        rest = after;
    }
    let full: Vec<_> = ["crate"]
        .into_iter()
        .chain(base.iter().map(String::as_str))
        .collect();
    Some(full.join("::"))
}

/// Whether a path begins in another crate.
fn is_other_crate(path: &[String]) -> bool {
    static DEPENDENCIES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let manifest = include_str!("../../Cargo.toml").lines();
        let dependencies = manifest.take_while(|line| *line != "[dev-dependencies]");
        let names = dependencies.filter_map(|line| line.split_once([' ', '.']));
        names.map(|(name, _)| name.replace('-', "_")).collect()
    });
    path.len() > 1 && (path[0] == "std" || DEPENDENCIES.contains(&path[0]))
}
