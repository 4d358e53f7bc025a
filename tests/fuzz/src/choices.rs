//! Choices, drawn from the bytes of a fuzzer.

/// What is drawn from. When it runs out, every further choice is the first one.
#[derive(Debug)]
pub struct Choices<'b>(&'b [u8]);

impl<'b> Choices<'b> {
    /// Choices from these bytes.
    #[must_use]
    pub const fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    /// Whether there is nothing more to draw from.
    #[must_use]
    pub const fn is_exhausted(&self) -> bool {
        self.0.is_empty()
    }

    /// One byte.
    pub fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// So many bytes.
    pub fn bytes<const NUMBER: usize>(&mut self) -> [u8; NUMBER] {
        std::array::from_fn(|_| self.byte())
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        let drawn = usize::from(u16::from_le_bytes(self.bytes()));
        if limit == 0 { 0 } else { drawn % limit }
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, times: usize) -> bool {
        self.below(100) < times
    }

    /// One of these.
    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        let at = self.below(from.len());
        from.get(at)
    }
}
