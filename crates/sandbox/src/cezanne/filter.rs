//! `$filter`: read strictly, since a real server refuses what it does not understand.
//!
//! Names are case-sensitive; texts compare as a usual SQL collation does, whatever the case, blanks at the end ignored.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::Value;

use super::lexer::{Token, tokens};
use super::problem::Problem;
use super::schema::{Column, Edm};
use super::settings::Version;
use super::tenant::{Fields, fold};
use super::values;

/// How deep brackets may go; [MS-ODATA] leaves it open, WCF Data Services has such a limit too.
const DEPTH_MAX: usize = 100;
/// How many words there may be: a long chain of `and` is deep, too.
const TOKENS_MAX: usize = 2000;

/// A filter that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Literal(Item),
    Property(String, Edm),
    Call(Function, Vec<Expression>),
    Compare(Comparison, Box<(Expression, Expression)>),
    And(Box<(Expression, Expression)>),
    Or(Box<(Expression, Expression)>),
    Not(Box<Expression>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    StartsWith,
    EndsWith,
    /// `contains(where, what)` of v4.
    Contains,
    /// `substringof(what, where)` before.
    SubstringOf,
    Lower,
    Upper,
    Trim,
}

/// A value while it is compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Null,
    Text(String),
    Number(f64),
    Moment(String),
    Flag(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Null,
    Text,
    Number,
    Moment,
    Flag,
}

impl Expression {
    /// Reads a filter over these columns.
    pub(super) fn read(version: Version, columns: &[Column], text: &str) -> Result<Expression, Problem> {
        let tokens = tokens(text)
            .ok_or_else(|| Problem::bad("There is an unterminated string literal in the filter."))?;
        if tokens.len() > TOKENS_MAX {
            return Err(too_deep());
        }
        let mut reader = Reader { version, columns, tokens: &tokens, depth: 0 };
        let expression = reader.or()?;
        if !reader.tokens.is_empty() {
            return Err(syntax());
        }
        match expression.of_type() {
            Type::Flag => Ok(expression),
            _ => Err(Problem::bad("The $filter expression must evaluate to a single boolean value.")),
        }
    }

    /// Whether the row is meant.
    pub(super) fn holds(&self, row: &Fields) -> bool {
        self.value(row) == Item::Flag(true)
    }

    /// The properties it looks at.
    pub(super) fn names(&self, into: &mut BTreeSet<String>) {
        match self {
            Expression::Literal(_) => {}
            Expression::Property(name, _) => drop(into.insert(name.clone())),
            Expression::Call(_, arguments) => arguments.iter().for_each(|argument| argument.names(into)),
            Expression::Compare(_, sides) | Expression::And(sides) | Expression::Or(sides) => {
                sides.0.names(into);
                sides.1.names(into);
            }
            Expression::Not(inner) => inner.names(into),
        }
    }

    fn value(&self, row: &Fields) -> Item {
        match self {
            Expression::Literal(item) => item.clone(),
            Expression::Property(name, edm) => item(*edm, row.get(name).unwrap_or(&Value::Null)),
            Expression::Call(function, arguments) => call(*function, arguments, row),
            Expression::Compare(comparison, sides) => {
                Item::Flag(comparison.holds(&sides.0.value(row), &sides.1.value(row)))
            }
            Expression::And(sides) => Item::Flag(sides.0.holds(row) && sides.1.holds(row)),
            Expression::Or(sides) => Item::Flag(sides.0.holds(row) || sides.1.holds(row)),
            Expression::Not(inner) => Item::Flag(!inner.holds(row)),
        }
    }

    fn of_type(&self) -> Type {
        match self {
            Expression::Literal(Item::Null) => Type::Null,
            Expression::Literal(Item::Text(_)) => Type::Text,
            Expression::Literal(Item::Number(_)) => Type::Number,
            Expression::Literal(Item::Moment(_)) => Type::Moment,
            Expression::Literal(Item::Flag(_)) => Type::Flag,
            Expression::Property(_, edm) => match edm {
                Edm::String | Edm::Binary => Type::Text,
                Edm::DateTime | Edm::DateTimeOffset | Edm::Date => Type::Moment,
                Edm::Int16 | Edm::Int64 | Edm::Decimal => Type::Number,
                Edm::Boolean => Type::Flag,
            },
            Expression::Call(Function::Lower | Function::Upper | Function::Trim, _) => Type::Text,
            _ => Type::Flag,
        }
    }
}

impl Comparison {
    fn called(word: &str) -> Option<Comparison> {
        Some(match word {
            "eq" => Comparison::Equal,
            "ne" => Comparison::Unequal,
            "gt" => Comparison::Greater,
            "ge" => Comparison::GreaterOrEqual,
            "lt" => Comparison::Less,
            "le" => Comparison::LessOrEqual,
            _ => return None,
        })
    }

    fn holds(self, left: &Item, right: &Item) -> bool {
        match (self, order(left, right)) {
            (Comparison::Equal, order) => order == Some(Ordering::Equal),
            (Comparison::Unequal, order) => order != Some(Ordering::Equal),
            (Comparison::Greater, order) => order == Some(Ordering::Greater),
            (Comparison::GreaterOrEqual, order) => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            (Comparison::Less, order) => order == Some(Ordering::Less),
            (Comparison::LessOrEqual, order) => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        }
    }
}

impl Function {
    fn called(word: &str, version: Version) -> Option<(Function, usize)> {
        Some(match word {
            "startswith" => (Function::StartsWith, 2),
            "endswith" => (Function::EndsWith, 2),
            "contains" if version == Version::V4 => (Function::Contains, 2),
            "substringof" if version != Version::V4 => (Function::SubstringOf, 2),
            "tolower" => (Function::Lower, 1),
            "toupper" => (Function::Upper, 1),
            "trim" => (Function::Trim, 1),
            _ => return None,
        })
    }
}

/// Null has no order with anything but itself.
pub(super) fn order(left: &Item, right: &Item) -> Option<Ordering> {
    match (left, right) {
        (Item::Null, Item::Null) => Some(Ordering::Equal),
        (Item::Text(left), Item::Text(right)) => Some(fold(left).cmp(&fold(right))),
        (Item::Number(left), Item::Number(right)) => left.partial_cmp(right),
        (Item::Moment(left), Item::Moment(right)) => Some(left.cmp(right)),
        (Item::Flag(left), Item::Flag(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// A kept value while it is compared.
pub(super) fn item(edm: Edm, value: &Value) -> Item {
    match (edm, value) {
        (Edm::DateTime | Edm::DateTimeOffset | Edm::Date, Value::String(text)) => Item::Moment(text.clone()),
        (Edm::Int64 | Edm::Decimal, Value::String(text)) => text.parse().map_or(Item::Null, Item::Number),
        (_, Value::String(text)) => Item::Text(text.clone()),
        (_, Value::Number(number)) => number.as_f64().map_or(Item::Null, Item::Number),
        (_, Value::Bool(flag)) => Item::Flag(*flag),
        _ => Item::Null,
    }
}

fn call(function: Function, arguments: &[Expression], row: &Fields) -> Item {
    let texts: Vec<String> = arguments
        .iter()
        .filter_map(|argument| if let Item::Text(text) = argument.value(row) { Some(text) } else { None })
        .collect();
    let low = |text: &String| text.to_lowercase();
    match (function, &texts[..]) {
        (Function::Lower, [text]) => Item::Text(text.to_lowercase()),
        (Function::Upper, [text]) => Item::Text(text.to_uppercase()),
        (Function::Trim, [text]) => Item::Text(text.trim().to_owned()),
        (Function::StartsWith, [text, start]) => Item::Flag(low(text).starts_with(&low(start))),
        (Function::EndsWith, [text, end]) => Item::Flag(low(text).ends_with(&low(end))),
        (Function::Contains, [text, part]) | (Function::SubstringOf, [part, text]) => {
            Item::Flag(low(text).contains(&low(part)))
        }
        (Function::Lower | Function::Upper | Function::Trim, _) => Item::Null,
        _ => Item::Flag(false),
    }
}

fn too_deep() -> Problem {
    Problem::bad("Recursion limit reached. The filter is too deep.")
}

fn syntax() -> Problem {
    Problem::bad("Syntax error in the $filter expression.")
}

struct Reader<'a> {
    version: Version,
    columns: &'a [Column],
    tokens: &'a [Token],
    depth: usize,
}

impl Reader<'_> {
    fn take_word(&mut self, wanted: &str) -> bool {
        let is_next = matches!(self.tokens.first(), Some(Token::Word(word)) if word == wanted);
        if is_next {
            self.tokens = &self.tokens[1..];
        }
        is_next
    }

    fn next(&mut self) -> Result<Token, Problem> {
        let (first, rest) = self.tokens.split_first().ok_or_else(syntax)?;
        self.tokens = rest;
        Ok(first.clone())
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), Problem> {
        if self.next()? == *wanted { Ok(()) } else { Err(syntax()) }
    }

    fn or(&mut self) -> Result<Expression, Problem> {
        let mut left = self.and()?;
        while self.take_word("or") {
            left = Expression::Or(Box::new((flag(left)?, flag(self.and()?)?)));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expression, Problem> {
        let mut left = self.comparison()?;
        while self.take_word("and") {
            left = Expression::And(Box::new((flag(left)?, flag(self.comparison()?)?)));
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<Expression, Problem> {
        let left = self.operand()?;
        let Some(Token::Word(word)) = self.tokens.first() else { return Ok(left) };
        let Some(comparison) = Comparison::called(word) else { return Ok(left) };
        self.tokens = &self.tokens[1..];
        let right = self.operand()?;
        let (one, other) = (left.of_type(), right.of_type());
        if one != other && one != Type::Null && other != Type::Null {
            return Err(Problem::bad("A binary operator with incompatible types was detected."));
        }
        Ok(Expression::Compare(comparison, Box::new((left, right))))
    }

    fn operand(&mut self) -> Result<Expression, Problem> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(too_deep());
        }
        let expression = self.operand_within()?;
        self.depth -= 1;
        Ok(expression)
    }

    fn operand_within(&mut self) -> Result<Expression, Problem> {
        match self.next()? {
            Token::Open => {
                let inner = self.or()?;
                self.expect(&Token::Close)?;
                Ok(inner)
            }
            Token::Quoted { prefix, text } => self.quoted(&prefix, text),
            Token::Word(word) if word == "not" => Ok(Expression::Not(Box::new(flag(self.operand()?)?))),
            Token::Word(word) if self.tokens.first() == Some(&Token::Open) => self.call(&word),
            Token::Word(word) => self.word(&word),
            _ => Err(syntax()),
        }
    }

    fn quoted(&self, prefix: &str, text: String) -> Result<Expression, Problem> {
        let item = match prefix {
            "" => Some(Item::Text(text)),
            "datetime" if self.version != Version::V4 => values::moment(&text).map(Item::Moment),
            _ => None,
        };
        item.map(Expression::Literal)
            .ok_or_else(|| Problem::bad("Unrecognized literal in the $filter expression."))
    }

    fn call(&mut self, name: &str) -> Result<Expression, Problem> {
        let known = Function::called(name, self.version);
        let (function, count) = known.ok_or_else(|| Problem::bad(format!("Unknown function '{name}'.")))?;
        self.expect(&Token::Open)?;
        let mut arguments = vec![self.or()?];
        while self.tokens.first() == Some(&Token::Comma) {
            self.tokens = &self.tokens[1..];
            arguments.push(self.or()?);
        }
        self.expect(&Token::Close)?;
        if arguments.len() != count || arguments.iter().any(|argument| argument.of_type() != Type::Text) {
            return Err(Problem::bad(format!("No applicable function found for '{name}'.")));
        }
        Ok(Expression::Call(function, arguments))
    }

    fn word(&self, word: &str) -> Result<Expression, Problem> {
        let literal = match word {
            "null" => Some(Item::Null),
            "true" => Some(Item::Flag(true)),
            "false" => Some(Item::Flag(false)),
            _ => number(word).map(Item::Number).or_else(|| {
                values::moment_of_v4(word).filter(|_| self.version == Version::V4).map(Item::Moment)
            }),
        };
        if let Some(item) = literal {
            return Ok(Expression::Literal(item));
        }
        let column = self.columns.iter().find(|column| column.name == word);
        let column =
            column.ok_or_else(|| Problem::bad(format!("No property '{word}' exists in the type.")))?;
        Ok(Expression::Property(column.name.clone(), column.edm))
    }
}

fn flag(expression: Expression) -> Result<Expression, Problem> {
    if expression.of_type() == Type::Flag { Ok(expression) } else { Err(syntax()) }
}

/// Digits, a sign, a dot, and one letter for the type.
fn number(word: &str) -> Option<f64> {
    let digits = word.strip_suffix(['m', 'M', 'd', 'D', 'f', 'F', 'L']).unwrap_or(word);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte));
    digits.parse().ok().filter(|_| is_number)
}
