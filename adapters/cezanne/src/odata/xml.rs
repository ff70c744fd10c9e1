//! XML of somebody else's, as a stream of tags: no DTD, no entities but the five of XML, bounded depth and attributes. Nothing
//! here recurses, and nothing is looked up.

use std::borrow::Cow;

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
};

/// A description of a service is six deep.
const DEPTH_MAX: usize = 64;
const ATTRIBUTES_MAX: usize = 64;

/// What comes next in a document.
pub(super) enum Node<'a> {
    /// An element begins. An empty one ends with the next node.
    Open(Tag<'a>),
    /// The element that began last and has not ended yet ends.
    Close,
    /// Characters of the innermost element; several in a row are one text.
    Text(Cow<'a, str>),
}

/// The beginning of an element.
pub(super) struct Tag<'a>(BytesStart<'a>);

/// The document is not well-formed, or not for us; says why in a few words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotXml(pub(super) &'static str);

/// Reads a document node by node.
pub(super) struct Nodes<'a> {
    reader: Reader<&'a [u8]>,
    depth: usize,
}

impl<'a> Nodes<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        reader.config_mut().expand_empty_elements = true;
        Nodes { reader, depth: 0 }
    }

    /// The outermost element, if the document begins well.
    pub(super) fn first(&mut self) -> Option<Tag<'a>> {
        loop {
            match self.next().ok()?? {
                Node::Open(tag) => return Some(tag),
                Node::Text(text) if text.trim().is_empty() => {}
                Node::Text(_) | Node::Close => return None,
            }
        }
    }

    /// The next node; `None` at the end of the document.
    pub(super) fn next(&mut self) -> Result<Option<Node<'a>>, NotXml> {
        loop {
            let event = self.reader.read_event().map_err(|_| NotXml("it is no well-formed XML"))?;
            return Ok(Some(match event {
                Event::Start(start) => {
                    self.depth += 1;
                    if self.depth > DEPTH_MAX {
                        return Err(NotXml("its elements are nested too deep"));
                    }
                    Node::Open(Tag(start))
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    Node::Close
                }
                Event::Text(text) => Node::Text(text.decode().map_err(|_| NotXml("it is no UTF-8"))?),
                Event::CData(text) => Node::Text(text.decode().map_err(|_| NotXml("it is no UTF-8"))?),
                Event::GeneralRef(reference) => Node::Text(match reference.resolve_char_ref() {
                    Ok(Some(char)) => Cow::Owned(char.to_string()),
                    Ok(None) => Cow::Borrowed(predefined(&reference)?),
                    Err(_) => return Err(NotXml("it names a character that is none")),
                }),
                Event::DocType(_) => return Err(NotXml("it brings a DTD")),
                Event::Eof if self.depth > 0 => return Err(NotXml("it breaks off")),
                Event::Eof => return Ok(None),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            }));
        }
    }
}

fn predefined(name: &[u8]) -> Result<&'static str, NotXml> {
    std::str::from_utf8(name)
        .ok()
        .and_then(resolve_predefined_entity)
        .ok_or(NotXml("it uses an entity that XML does not have"))
}

impl Tag<'_> {
    /// The name without its prefix. Namespaces are not looked at: those of metadata differ from version to version.
    pub(super) fn name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.0.local_name().into_inner())
    }

    /// The attribute of that name; one without a prefix goes before one with.
    pub(super) fn attribute(&self, name: &str) -> Result<Option<String>, NotXml> {
        let mut found = None;
        // The check for doubled names takes time that grows with the square of their number.
        for attribute in self.0.attributes().with_checks(false).take(ATTRIBUTES_MAX) {
            let attribute = attribute.map_err(|_| NotXml("an attribute is not well-formed"))?;
            if attribute.key.local_name().into_inner() != name.as_bytes() {
                continue;
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|_| NotXml("an attribute uses an entity that XML does not have"))?;
            let is_plain = attribute.key.prefix().is_none();
            if is_plain || found.is_none() {
                found = Some(value.into_owned());
            }
            if is_plain {
                break;
            }
        }
        Ok(found)
    }
}
