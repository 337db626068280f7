//! Lists come in pages; a command asks for as many as its limit needs.

/// The pages of one list, up to a limit.
#[derive(Debug)]
pub struct Pages {
    left: usize,
    page_max: usize,
    token: String,
    ended: bool,
}

impl Pages {
    /// Pages of at most `page_max` items, until there are `limit` items in all.
    pub fn new(limit: usize, page_max: usize) -> Self {
        Self {
            left: limit,
            page_max,
            token: String::new(),
            ended: false,
        }
    }

    /// The size and token to ask for next; nothing when the list or the limit is at its end.
    pub fn turn(&mut self) -> Option<(i32, String)> {
        let size = i32::try_from(self.left.min(self.page_max)).ok()?;
        (size > 0 && !self.ended).then(|| (size, std::mem::take(&mut self.token)))
    }

    /// What of a page's `items` is wanted, and where to go on.
    pub fn take<T>(&mut self, mut items: Vec<T>, next_page_token: String) -> Vec<T> {
        items.truncate(self.left);
        self.left -= items.len();
        self.ended = next_page_token.is_empty();
        self.token = next_page_token;
        items
    }

    /// Whether the list goes on after what was taken.
    pub fn has_more(&self) -> bool {
        !self.ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_end_with_the_list_or_at_the_limit() {
        let mut pages = Pages::new(5, 3);
        assert_eq!(pages.turn(), Some((3, String::new())));
        assert_eq!(pages.take(vec![1, 2, 3], "a".to_owned()), [1, 2, 3]);
        assert_eq!(pages.turn(), Some((2, "a".to_owned())));
        // A server that gives more than was asked for changes nothing.
        assert_eq!(pages.take(vec![4, 5, 6], "b".to_owned()), [4, 5]);
        assert_eq!(pages.turn(), None);
        assert!(pages.has_more());

        let mut pages = Pages::new(5, 3);
        pages.turn();
        assert_eq!(pages.take(vec![1], String::new()), [1]);
        assert_eq!(pages.turn(), None);
        assert!(!pages.has_more());
    }
}
