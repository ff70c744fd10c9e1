//! The words of `$filter` and of a key in a path.

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    Comma,
    Equals,
    /// A name, an operator or a number.
    Word(String),
    /// A text in quotes, doubled ones undone, and what stood before them, such as `datetime`.
    Quoted {
        prefix: String,
        text: String,
    },
}

/// All words; none if a quote stays open.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut letters = text.chars().peekable();
    let mut word = String::new();
    while let Some(letter) = letters.next() {
        if letter == '\'' {
            let mut quoted = String::new();
            loop {
                match letters.next()? {
                    '\'' if letters.peek() == Some(&'\'') => {
                        letters.next();
                        quoted.push('\'');
                    }
                    '\'' => break,
                    letter => quoted.push(letter),
                }
            }
            tokens.push(Token::Quoted { prefix: std::mem::take(&mut word), text: quoted });
            continue;
        }
        let sign = match letter {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            ',' => Some(Token::Comma),
            '=' => Some(Token::Equals),
            letter if letter.is_whitespace() => None,
            letter => {
                word.push(letter);
                continue;
            }
        };
        if !word.is_empty() {
            tokens.push(Token::Word(std::mem::take(&mut word)));
        }
        tokens.extend(sign);
    }
    if !word.is_empty() {
        tokens.push(Token::Word(word));
    }
    Some(tokens)
}
