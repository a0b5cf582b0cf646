//! The public names of Java's package, from its sources.

use anyhow::Result;
use tree_sitter::Node;

use crate::sources::Sources;
use crate::surface::Surface;
use crate::tree::{Parsed, children, children_of};

const PACKAGE: &str = "bindings-java/leasehold/src/main/java/io/leasehold/";
const SPRING: &str =
    "bindings-java/leasehold-spring-boot-starter/src/main/java/io/leasehold/spring/";

/// What Java programs see.
pub(crate) fn surface(sources: &Sources) -> Result<Surface> {
    let mut surface = Surface::default();
    for file in sources.below(PACKAGE, ".java") {
        surface.extend(of_file(sources, file)?);
    }
    Ok(surface)
}

/// The properties of the Spring Boot starter, and its service.
pub(crate) fn spring(sources: &Sources) -> Result<Surface> {
    let mut surface = of_file(sources, &format!("{SPRING}LeaseholdProperties.java"))?;
    surface.extend(of_file(
        sources,
        &format!("{SPRING}ClusterLeaderService.java"),
    )?);
    Ok(surface)
}

fn of_file(sources: &Sources, file: &str) -> Result<Surface> {
    let java = tree_sitter_java::LANGUAGE.into();
    let parsed = Parsed::new(&java, file, sources.text(file)?)?;
    let mut surface = Surface::default();
    for node in children(parsed.root()) {
        add_type(&parsed, node, "", &mut surface);
    }
    Ok(surface)
}

fn add_type(parsed: &Parsed, node: Node<'_>, outer: &str, surface: &mut Surface) {
    let inside_interface = !outer.is_empty();
    let is_type = matches!(
        node.kind(),
        "class_declaration" | "interface_declaration" | "enum_declaration" | "record_declaration"
    );
    if !is_type || !(inside_interface || is(parsed, node, "public")) {
        return;
    }
    let name = format!("{outer}{}", parsed.field(node, "name"));
    let docs = parsed.comment_before(node);
    surface.add(parsed.declared(&name, node, docs));
    for component in children_of(node, "parameters") {
        let component_name = parsed.field(component, "name");
        let docs = parameter_docs(docs, component_name);
        surface.add(parsed.declared(format!("{name}.{component_name}"), component, &docs));
    }
    let is_interface = node.kind() == "interface_declaration";
    for member in children_of(node, "body") {
        add_member(parsed, member, &name, is_interface, surface);
    }
}

fn add_member(
    parsed: &Parsed,
    node: Node<'_>,
    owner: &str,
    is_interface: bool,
    surface: &mut Surface,
) {
    match node.kind() {
        // What it overrides, another type has promised, as `AutoCloseable` has.
        "method_declaration"
            if (is_interface || is(parsed, node, "public")) && !is(parsed, node, "@Override") => {}
        "enum_constant" => {}
        "enum_body_declarations" => {
            for member in children(node) {
                add_member(parsed, member, owner, is_interface, surface);
            }
            return;
        }
        _ if is_interface => return add_type(parsed, node, &format!("{owner}."), surface),
        _ => return,
    }
    let name = format!("{owner}.{}", parsed.field(node, "name"));
    surface.add(parsed.declared(name, node, parsed.comment_before(node)));
}

fn is(parsed: &Parsed, node: Node<'_>, modifier: &str) -> bool {
    let mut modifiers = children(node).into_iter();
    modifiers
        .find(|child| child.kind() == "modifiers")
        .is_some_and(|it| parsed.text(it).split_whitespace().any(|it| it == modifier))
}

/// What a Javadoc comment says of one `@param`.
fn parameter_docs(docs: &str, parameter: &str) -> String {
    let mut tags = docs.split("@param ").skip(1);
    let of_it = tags.find_map(|tag| tag.strip_prefix(parameter)?.strip_prefix(' '));
    of_it.unwrap_or_default().to_owned()
}
