//! Where a piece of JSON ends, by its brackets and quotation marks.

/// Deeper than the parser follows, nothing is told apart any more.
const DEPTH_MAX: usize = 512;

/// What a byte is to the record before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// In the midst of it.
    Inside,
    /// Its last one.
    Last,
    /// Behind it.
    Behind,
}

/// How far a record is read.
#[derive(Debug)]
pub(crate) struct Scan {
    /// The brackets that are open, the outer one first.
    open: Vec<u8>,
    in_text: bool,
    escaped: bool,
    /// The last byte that is no white space.
    before: u8,
    in_list: bool,
}

impl Scan {
    /// A record that begins with the next byte, as an item of a list or not.
    pub(crate) fn new(in_list: bool) -> Self {
        Self {
            open: Vec::new(),
            in_text: false,
            escaped: false,
            before: 0,
            in_list,
        }
    }

    /// Takes the next byte.
    pub(crate) fn see(&mut self, byte: u8) -> Seen {
        if byte == b'\n' && (self.in_text || self.open.is_empty()) {
            // No text goes over the end of a line, nor does what is neither object nor list.
            return Seen::Behind;
        }
        if self.in_text {
            self.see_text(byte);
            return Seen::Inside;
        }
        let ends_item = self.in_list && matches!(byte, b',' | b']');
        if self.open.is_empty() && ends_item && self.before != 0 {
            return Seen::Behind;
        }
        if !byte.is_ascii_whitespace() {
            self.before = byte;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' if self.open.len() < DEPTH_MAX => self.open.push(byte),
            b'}' | b']' if self.open.pop().is_some() && self.open.is_empty() => return Seen::Last,
            _ => {}
        }
        Seen::Inside
    }

    fn see_text(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.in_text = false,
            _ => {}
        }
    }

    /// Whether an object may stand here: as a list's item, or as a field's value.
    pub(crate) fn takes_object(&self) -> bool {
        match self.before {
            b':' | b'[' => true,
            b',' => self.open.last() == Some(&b'['),
            _ => false,
        }
    }
}
