//! Definitions of Rust, and the names in them.

use anyhow::Result;
use proc_macro2::{Span, TokenStream};
use syn::parse::{ParseBuffer, Parser};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Expr, Field, Ident, ImplItem, Item, ItemEnum, Lit, Meta, Token, TraitItem, Type,
    Visibility,
};

use crate::surface::{Declared, Surface};

/// A file in which a type of this name, or its methods, may stand.
pub(super) struct Here<'a> {
    pub(super) file: &'a str,
    pub(super) name: &'a str,
}

impl Here<'_> {
    pub(super) fn add_definitions(&self, items: &[Item], surface: &mut Surface) -> Result<()> {
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
                _ => self.add_from_macro(item, surface)?,
            }
        }
        Ok(())
    }

    /// The lists that `named!` declares, and the setters of `Config`.
    fn add_from_macro(&self, item: &Item, surface: &mut Surface) -> Result<()> {
        if let Some(tokens) = invocation(item, "named") {
            let it: ItemEnum = syn::parse2(tokens.clone())?;
            if it.ident == self.name {
                self.add_enum(&it, surface);
            }
        }
        if let Some(tokens) = invocation(item, "setters")
            && self.name == "Config"
        {
            let fields = |input: &ParseBuffer<'_>| {
                Punctuated::<Field, Token![,]>::parse_terminated_with(input, Field::parse_named)
            };
            for field in &fields.parse2(tokens.clone())? {
                self.add_field(field, surface);
            }
        }
        Ok(())
    }

    pub(super) fn add_methods(&self, items: &[Item], surface: &mut Surface) {
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

pub(super) fn declared(file: &str, owner: &str, member: &Ident, attrs: &[Attribute]) -> Declared {
    Declared {
        name: format!("{owner}.{member}"),
        file: file.to_owned(),
        line: member.span().start().line,
        docs: docs(attrs),
    }
}

pub(super) fn invocation<'a>(item: &'a Item, name: &str) -> Option<&'a TokenStream> {
    match item {
        Item::Macro(it) if it.mac.path.is_ident(name) => Some(&it.mac.tokens),
        _ => None,
    }
}

/// `"config"`, `10`, `true`, or the seconds of `Duration::from_secs(15)`.
pub(super) fn literal(value: &Expr) -> Option<String> {
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

pub(super) fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_hidden(attrs: &[Attribute]) -> bool {
    let mut lists = attrs.iter().filter_map(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("doc") => Some(list.tokens.to_string()),
        _ => None,
    });
    lists.any(|list| list == "hidden")
}
