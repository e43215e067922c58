//! The signs of a filter's text: where its conditions, names, operators and values begin and end. What they mean is not
//! asked here, so nothing here can fail.

use super::operator::Operator;

/// A stretch of the text, and where it begins in the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch<'t> {
    pub(super) text: &'t str,
    /// In bytes.
    pub(super) at: usize,
}

/// A condition, cut into its three parts, white space around each left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut<'t> {
    pub(super) name: Stretch<'t>,
    /// Empty where there is none.
    pub(super) signs: Stretch<'t>,
    /// What the signs mean, where they are an operator.
    pub(super) operator: Option<Operator>,
    pub(super) value: Stretch<'t>,
}

impl<'t> Stretch<'t> {
    pub(super) fn whole(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn part(self, from: usize, to: usize) -> Self {
        Self {
            text: &self.text[from..to],
            at: self.at + from,
        }
    }

    pub(super) fn trimmed(self) -> Self {
        let from = self.text.len() - self.text.trim_start().len();
        self.part(from, from + self.text.trim().len())
    }

    pub(super) fn without_prefix(self, prefix: char) -> Option<Self> {
        let rest = self.text.strip_prefix(prefix)?;
        Some(self.part(self.text.len() - rest.len(), self.text.len()))
    }

    fn without_suffix(self, suffix: char) -> Option<Self> {
        let rest = self.text.strip_suffix(suffix)?;
        Some(self.part(0, rest.len()))
    }

    /// The stretches between separators that no backslash escapes, trimmed.
    pub(super) fn split(self, separator: char) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut from = 0;
        let mut chars = self.text.char_indices();
        while let Some((at, c)) = chars.next() {
            if c == '\\' && escaped(chars.as_str()).is_some() {
                chars.next();
            } else if c == separator {
                parts.push(self.part(from, at).trimmed());
                from = at + c.len_utf8();
            }
        }
        parts.push(self.part(from, self.text.len()).trimmed());
        parts
    }

    /// The names in a condition's name: one, or several in brackets; `None` where the bracket is not closed.
    pub(super) fn names(self) -> Option<Vec<Self>> {
        match self.without_prefix('(') {
            None => Some(vec![self]),
            Some(rest) => rest.without_suffix(')').map(|inside| inside.split('|')),
        }
    }

    /// Cuts a condition: its first operator ends the name, and everything after it is value.
    pub(super) fn cut(self) -> Cut<'t> {
        let end = self.text.len();
        let (from, to, operator) = self.find_operator().unwrap_or((end, end, None));
        Cut {
            name: self.part(0, from).trimmed(),
            signs: self.part(from, to),
            operator,
            value: self.part(to, end).trimmed(),
        }
    }

    /// The first operator, or the first signs that look like one. `_` and `-` alone are signs of names.
    fn find_operator(self) -> Option<(usize, usize, Option<Operator>)> {
        self.text.char_indices().find_map(|(at, c)| {
            let rest = &self.text[at..];
            if let Some((written, operator)) = Operator::at_beginning(rest) {
                return Some((at, at + written.len(), Some(operator)));
            }
            let is_sign = |c| "=!<>@*~".contains(c);
            let behind = rest.trim_start_matches(is_sign);
            is_sign(c).then(|| (at, self.text.len() - behind.len(), None))
        })
    }

    /// The value without its escapes; a backslash before anything else is a backslash.
    pub(super) fn unescaped(self) -> String {
        let mut value = String::with_capacity(self.text.len());
        let mut chars = self.text.chars();
        while let Some(c) = chars.next() {
            let escaped = (c == '\\').then(|| escaped(chars.as_str())).flatten();
            if escaped.is_some() {
                chars.next();
            }
            value.push(escaped.unwrap_or(c));
        }
        value
    }
}

/// The character that a backslash before `rest` takes the meaning from.
fn escaped(rest: &str) -> Option<char> {
    rest.chars()
        .next()
        .filter(|c| matches!(c, ',' | '|' | '\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(parts: Vec<Stretch<'_>>) -> Vec<(usize, &str)> {
        parts.into_iter().map(|part| (part.at, part.text)).collect()
    }

    #[test]
    fn an_escaped_separator_does_not_separate() {
        assert_eq!(
            texts(Stretch::whole(r"a\,b , c\\,d\x,").split(',')),
            [(0, r"a\,b"), (7, r"c\\"), (11, r"d\x"), (15, "")]
        );
    }

    #[test]
    fn the_first_operator_ends_the_name() {
        for (condition, name, signs, value) in [
            ("a==b", "a", "==", "b"),
            (" a == b==c ", "a", "==", "b==c"),
            ("client_Id>=1", "client_Id", ">=", "1"),
            ("a_b_-=*c", "a_b", "_-=*", "c"),
            ("a== *b", "a", "==", "*b"),
            ("a===b", "a", "==", "=b"),
            ("a=b", "a", "=", "b"),
            ("a=>b", "a", "=>", "b"),
            ("a!b", "a", "!", "b"),
            ("a b", "a b", "", ""),
            ("é<ü", "é", "<", "ü"),
        ] {
            let cut = Stretch::whole(condition).trimmed().cut();
            assert_eq!(
                (cut.name.text, cut.signs.text, cut.value.text),
                (name, signs, value),
                "{condition}"
            );
        }
    }

    #[test]
    fn names_may_stand_in_brackets() {
        let names = |text| Stretch::whole(text).names().map(texts);
        assert_eq!(names("a"), Some(vec![(0, "a")]));
        assert_eq!(names("(a| b )"), Some(vec![(1, "a"), (4, "b")]));
        assert_eq!(names("()"), Some(vec![(1, "")]));
        assert_eq!(names("(a|b"), None);
        assert_eq!(names("("), None);
    }

    #[test]
    fn only_three_signs_are_escaped() {
        for (written, value) in [
            (r"a\,b\|c\\d", r"a,b|c\d"),
            (r"\x\", r"\x\"),
            (r"\\,", r"\,"),
            (r"%_'", r"%_'"),
            ("", ""),
        ] {
            assert_eq!(Stretch::whole(written).unescaped(), value);
        }
    }
}
