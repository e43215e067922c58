//! What people call their keys and clients.

/// Most characters of a name.
pub const MAX_NAME: usize = 100;

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX_NAME} characters in one line")]
pub struct NotAName;

/// Reads a name; white space around it does not count.
///
/// # Errors
/// [`NotAName`] where it is empty, too long, or holds control characters.
pub fn read(text: &str) -> Result<String, NotAName> {
    let name = text.trim();
    let fits = (1..=MAX_NAME).contains(&name.chars().count());
    if fits && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(NotAName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_line_that_is_not_blank() {
        assert_eq!(read("  Zoë's shop "), Ok("Zoë's shop".to_owned()));
        assert!(read(&"é".repeat(MAX_NAME)).is_ok());
        for text in ["", " \n", "a\nb", "a\0", &"a".repeat(MAX_NAME + 1)] {
            assert_eq!(read(text), Err(NotAName), "{text:?}");
        }
    }
}
