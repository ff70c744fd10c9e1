//! One expression, compiled and read through: which facts it uses, what kind of value it gives, and everything about it that
//! can be wrong before anybody is read. minijinja's own syntax tree is read for it, so nothing hides in a branch that a trial
//! would not take.

use std::fmt;

use adapter_sdk::{FieldKind, Level, settings::nearest};
use minijinja::{
    Expression,
    machinery::{
        Span,
        ast::{self, BinOpKind, CallArg, CompareOpKind, Expr},
        parse_expr, tokenize,
    },
    syntax::SyntaxConfig,
    value::ValueKind,
};
use people::{Lack, PhoneKind};

use crate::{
    Needs, Tables,
    facts::Query,
    helpers::{self, Helper, HelperKind},
    language,
    names::{self, Gives, Name},
};

/// Longest expression, in characters.
const LENGTH_MAX: usize = 2_000;
/// Most helpers and operators that make something new, in one expression.
const STEPS_MAX: usize = 50;

/// A compiled expression.
pub(crate) struct Compiled {
    pub source: String,
    pub expression: Expression<'static, 'static>,
    /// The parts of a name that is all of the expression, as it most often is: it is looked up and not run.
    pub bare: Option<Vec<String>>,
    /// Every fact it uses, as written, each once.
    pub uses: Vec<Use>,
    pub gives: Gives,
    pub needs: Needs,
}

/// A fact as an expression uses it.
#[derive(Debug, Clone, PartialEq)]
pub struct Use {
    /// As written: `name.first`, `answer('Date of birth')`.
    pub text: String,
    /// Its entry in the table of names.
    pub name: &'static str,
    /// Which answer is meant, for those that ask for one.
    pub(crate) query: Option<Query>,
}

/// Something wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// At which character, from 1.
    pub at: Option<usize>,
    pub problem: String,
    pub remedy: String,
}

impl Compiled {
    /// Compiles `source` for a field of `level`, or says everything that is wrong with it.
    pub(crate) fn new(source: &str, level: Level, tables: &Tables) -> Result<Compiled, Vec<Fault>> {
        let whole = |problem: &str, remedy: &str| {
            Err(vec![Fault { at: None, problem: problem.to_owned(), remedy: remedy.to_owned() }])
        };
        if source.trim().is_empty() {
            return whole("is empty", "write an expression such as \"name.first\", or remove the field");
        }
        if source.trim().parse::<people::Date>().is_ok() {
            return whole("is a day without quotes, which is a subtraction", "write \"'2026-05-04'\"");
        }
        if source.chars().count() > LENGTH_MAX {
            return whole("is longer than 2000 characters", "put what varies into a table and use lookup");
        }
        // The parser takes a character it does not know for the end, and never looks at what stands behind it.
        let unread = tokenize(source, true, SyntaxConfig::default()).find_map(Result::err);
        let tree =
            unread.map_or_else(|| parse_expr(source), Err).map_err(|error| vec![syntax(source, &error)])?;
        let mut reader = Reader { source, level, tables, uses: Vec::new(), faults: Vec::new(), steps: 0 };
        let gives = reader.read(&tree);
        if of_phones(&tree) {
            reader.fault(
                tree.span(),
                "gives whole telephone numbers, each with its type",
                "write phones[0].number, or phone('mobile')",
            );
        }
        if reader.steps > STEPS_MAX {
            return whole(
                "takes more than 50 steps",
                "split it into several fields, or use a table and lookup",
            );
        }
        if !reader.faults.is_empty() {
            return Err(reader.faults);
        }
        let expression = language::compile(source).map_err(|error| vec![syntax(source, &error)])?;
        let needs = reader
            .uses
            .iter()
            .filter_map(|used| names::find(used.name))
            .fold(Needs::default(), |needs, name| needs.union(name.needs));
        let bare = path(&tree);
        Ok(Compiled { source: source.to_owned(), expression, bare, uses: reader.uses, gives, needs })
    }

    /// Its value in what it sees: a value, a blank, or what is wrong with it. Never a panic.
    pub(crate) fn compute(&self, seen: &minijinja::Value) -> Result<people::Value, Lack> {
        let Some(parts) = &self.bare else { return language::compute(&self.expression, seen) };
        let mut found = seen.clone();
        for part in parts {
            if !matches!(found.kind(), ValueKind::Map | ValueKind::Plain) {
                break;
            }
            found = found.get_attr(part).unwrap_or_default();
        }
        language::value(&found)
    }

    /// The same for everybody.
    pub(crate) fn is_constant(&self) -> bool {
        self.uses.is_empty()
    }

    /// The first parts of the names it uses: `offer` of `offer.start_date`.
    pub(crate) fn heads(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.uses.iter().map(|used| used.name.split('.').next().unwrap_or(used.name))
    }

    /// Why its value cannot be what a field takes, and what to write instead; `None` where it can.
    pub(crate) fn misfit(&self, kind: FieldKind) -> Option<(String, &'static str)> {
        let remedy = match (kind, self.gives) {
            (_, Gives::Anything)
            | (FieldKind::List, _)
            | (FieldKind::Day, Gives::Day)
            | (FieldKind::Whole | FieldKind::Number, Gives::Number)
            | (FieldKind::Flag, Gives::Flag) => return None,
            (FieldKind::Text, Gives::List) => "add | join(';') or | first",
            (FieldKind::Text, _) => return None,
            (FieldKind::Day, Gives::Moment) => "add | date",
            (FieldKind::Day, _) => "use a day, such as offer.start_date, or add | date(from='%d/%m/%Y')",
            (FieldKind::Whole | FieldKind::Number, Gives::Text) => "add | number",
            (FieldKind::Whole | FieldKind::Number, _) => "use a number, such as offer.salary_amount",
            (FieldKind::Flag, _) => "compare it, e.g. posting.country == 'GB'",
        };
        Some((format!("gives {}, and the field takes {}", self.gives.words(), kind.words()), remedy))
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

fn syntax(source: &str, error: &minijinja::Error) -> Fault {
    let detail = error.detail().unwrap_or("it cannot be understood");
    let range = error.range();
    let rest = range.as_ref().and_then(|range| source.get(range.start..)).unwrap_or_default();
    let slip =
        SLIPS.iter().find(|(sign, _)| [rest, source.trim_start()].iter().any(|at| at.starts_with(sign)));
    Fault {
        at: range.map(|range| character(source, range.start)),
        problem: format!("is no expression: {detail}"),
        remedy: slip
            .map_or(
                "write an expression such as \"name.first\"; a fixed text is \"'text'\"",
                |(_, remedy)| remedy,
            )
            .to_owned(),
    }
}

/// What other languages write so, and what is to be written here.
const SLIPS: &[(&str, &str)] = &[
    ("{{", "leave the braces out: \"name.first\""),
    ("{%", "write A if condition else B"),
    ("=", "to compare, write =="),
    ("“", QUOTES),
    ("”", QUOTES),
    ("„", QUOTES),
    ("‘", QUOTES),
    ("’", QUOTES),
    ("&", "write and, or ~ to put texts together"),
    ("|", "write or; a helper stands after one bar: emails | first"),
    ("!", "write not, or != to compare"),
    ("?", "write A if condition else B"),
    ("if ", "write A if condition else B"),
    ("AND ", "write and"),
    ("OR ", "write or"),
];
const QUOTES: &str = "write straight quotes: 'GB'";

/// Helpers, tests and names as other languages call them, and what is meant.
const ELSEWHERE: &[(&str, &str)] = &[
    ("none", "write is blank"),
    ("null", "write '' for a blank, and is blank to ask for one"),
    ("undefined", "write is blank"),
    ("defined", "write is not blank"),
    ("capitalize", "did you mean title?"),
    ("uppercase", "did you mean upper?"),
    ("lowercase", "did you mean lower?"),
    ("strip", "did you mean trim?"),
    ("concat", "put texts together with ~, or a list with | join(' ')"),
    ("slice", "write posting.title[:3]"),
    ("substring", "write posting.title[:3]"),
    ("round", "did you mean number(decimals=2)?"),
];

fn elsewhere(word: &str) -> Option<String> {
    let found = ELSEWHERE.iter().find(|(other, _)| other.eq_ignore_ascii_case(word));
    found.map(|(_, remedy)| (*remedy).to_owned())
}

fn character(source: &str, byte: usize) -> usize {
    source.char_indices().take_while(|(at, _)| *at < byte).count() + 1
}

struct Reader<'s> {
    source: &'s str,
    level: Level,
    tables: &'s Tables,
    uses: Vec<Use>,
    faults: Vec<Fault>,
    steps: usize,
}

impl Reader<'_> {
    /// Reads one node and everything below it; answers what kind of value it gives.
    fn read(&mut self, expr: &Expr<'_>) -> Gives {
        match expr {
            Expr::Const(constant) => {
                if constant.value.is_none() {
                    self.fault(
                        expr.span(),
                        "says none",
                        "a blank is ''; whether there is one asks `is blank`",
                    );
                }
                kind_of(&constant.value)
            }
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => self.fact(expr),
            Expr::Call(call) => self.call(call, expr.span()),
            Expr::Filter(filter) => self.filter(filter, expr.span()),
            Expr::Test(test) => {
                let of = self.read(&test.expr);
                self.helper(HelperKind::Test, test.name, &test.args, of, expr.span());
                Gives::Flag
            }
            Expr::UnaryOp(unary) => match unary.op {
                ast::UnaryOpKind::Not => {
                    self.read(&unary.expr);
                    Gives::Flag
                }
                ast::UnaryOpKind::Neg => self.read(&unary.expr),
            },
            Expr::BinOp(binary) => self.binary(binary),
            Expr::Compare(compare) => {
                let mut left = (&compare.expr, self.read(&compare.expr));
                for op in &compare.ops {
                    let right = (&op.expr, self.read(&op.expr));
                    if !matches!(op.op, CompareOpKind::In | CompareOpKind::NotIn) {
                        self.compared(left, right);
                    }
                    left = right;
                }
                Gives::Flag
            }
            Expr::IfExpr(choice) => {
                self.read(&choice.test_expr);
                let one = self.read(&choice.true_expr);
                let other = choice.false_expr.as_ref().map(|other| self.read(other));
                // Without an else, the other value is a blank, which every field takes.
                if other.is_none_or(|other| other == one) { one } else { Gives::Anything }
            }
            Expr::Slice(slice) => {
                let of = self.read(&slice.expr);
                for part in [&slice.start, &slice.stop, &slice.step].into_iter().flatten() {
                    self.read(part);
                }
                of
            }
            Expr::List(list) => {
                for item in &list.items {
                    self.read(item);
                }
                Gives::List
            }
            Expr::Tuple(tuple) => {
                for item in &tuple.items {
                    self.read(item);
                }
                Gives::List
            }
            Expr::Map(_) => {
                self.fault(
                    expr.span(),
                    "writes a table out",
                    "put it into the configuration as [tables.NAME] and use lookup('NAME')",
                );
                Gives::Anything
            }
        }
    }

    fn binary(&mut self, binary: &ast::BinOp<'_>) -> Gives {
        let left = self.read(&binary.left);
        let right = self.read(&binary.right);
        let sides = [(left, &binary.left), (right, &binary.right)];
        match binary.op {
            BinOpKind::Concat => {
                self.steps += 1;
                for (gives, side) in sides {
                    self.put_into_a_text(gives, side);
                }
                Gives::Text
            }
            BinOpKind::Add => {
                self.steps += 1;
                if !left.is_alike(right) {
                    self.no_sum(sides);
                }
                if left == right { left } else { Gives::Anything }
            }
            BinOpKind::Mul | BinOpKind::Pow => {
                // A text times a number is that text again and again.
                for (gives, side) in sides {
                    if gives != Gives::Number {
                        self.fault(
                            side.span(),
                            "multiplies what may be no number",
                            "make it one first: (… | number)",
                        );
                    }
                }
                Gives::Number
            }
            BinOpKind::Sub | BinOpKind::Div | BinOpKind::FloorDiv | BinOpKind::Rem => {
                if !left.is_alike(Gives::Number) || !right.is_alike(Gives::Number) {
                    self.no_sum(sides);
                }
                Gives::Number
            }
            BinOpKind::ScAnd | BinOpKind::ScOr if left == right => left,
            BinOpKind::ScAnd | BinOpKind::ScOr
                if !left.is_alike(right) && sides.iter().any(|(gives, _)| *gives == Gives::Flag) =>
            {
                self.fault(
                    binary.right.span(),
                    "joins yes or no with what is neither",
                    "compare both sides: a == 'A' or a == 'B'",
                );
                Gives::Flag
            }
            BinOpKind::ScAnd | BinOpKind::ScOr => Gives::Anything,
            BinOpKind::Eq
            | BinOpKind::Ne
            | BinOpKind::Lt
            | BinOpKind::Lte
            | BinOpKind::Gt
            | BinOpKind::Gte => {
                self.compared((&binary.left, left), (&binary.right, right));
                Gives::Flag
            }
            BinOpKind::In => Gives::Flag,
        }
    }

    /// A list or a computed number would show as the machine writes them: `['a']`, `6400.0`.
    fn put_into_a_text(&mut self, gives: Gives, side: &Expr<'_>) {
        match gives {
            Gives::List => self.fault(side.span(), "puts a list into a text", "add | join(', ') or | first"),
            Gives::Number if matches!(side, Expr::BinOp(_)) => self.fault(
                side.span(),
                "puts a computed number into a text",
                "say how it is written: (… | number(decimals=2))",
            ),
            _ => {}
        }
    }

    fn no_sum(&mut self, sides: [(Gives, &Expr<'_>); 2]) {
        let [(left, of), (right, _)] = sides;
        let is_of_days = [left, right].iter().any(|gives| matches!(gives, Gives::Day | Gives::Moment));
        let remedy =
            if is_of_days { "shift a day with | date(days=7)" } else { "use | number, or ~ for texts" };
        self.fault(of.span(), &format!("reckons with {} and {}", left.words(), right.words()), remedy);
    }

    /// What is never equal, and what has no order, is no comparison but a slip.
    fn compared(&mut self, left: (&Expr<'_>, Gives), right: (&Expr<'_>, Gives)) {
        let ((of, left), (with, right)) = (left, right);
        if [of, with].into_iter().any(|side| constant_text(side).is_some_and(|text| text.is_empty())) {
            self.fault(of.span(), "compares with an empty text", "write … is blank, or … is not blank");
        } else if !left.is_alike(right) {
            let problem = format!("compares {} with {}", left.words(), right.words());
            self.fault(of.span(), &problem, "compare like with like: 60000 is a number, '60000' a text");
        }
    }

    /// A name, a member of it, or an item of a list.
    fn fact(&mut self, expr: &Expr<'_>) -> Gives {
        if let Some(path) = path(expr) {
            return self.name(&path, expr.span());
        }
        match expr {
            Expr::GetItem(item) => {
                if let Some(table) =
                    path(&item.expr).map(|path| path.join(".")).filter(|path| names::is_table(path))
                {
                    let remedy = "write the name out: what has to be asked of Lever must be known beforehand";
                    self.fault(expr.span(), &format!("computes which member of {table} is meant"), remedy);
                    return Gives::Anything;
                }
                self.read(&item.expr);
                self.read(&item.subscript_expr);
            }
            Expr::GetAttr(member) => {
                let before = self.uses.len();
                self.read(&member.expr);
                let of_phone = self.uses.get(before..).is_some_and(|uses| {
                    matches!(uses, [used] if used.name == "phones")
                        && matches!(member.name, "type" | "number")
                });
                if !of_phone {
                    self.fault(
                        expr.span(),
                        &format!("asks for {}, which nothing here has", member.name),
                        "see the table of names: `hiresync map fields`",
                    );
                }
            }
            _ => {}
        }
        Gives::Anything
    }

    fn name(&mut self, parts: &[String], span: Span) -> Gives {
        let path = parts.join(".");
        let path = path.as_str();
        // `offer.start_date.year` is no field of the offer form.
        let found = names::find(path).filter(|entry| entry.name.split('.').count() == parts.len());
        let Some(entry) = found else {
            if names::is_table(path) {
                let member = names::all().find(|name| name.starts_with(&format!("{path}."))).unwrap_or(path);
                self.fault(
                    span,
                    &format!("uses {path}, which is several values"),
                    format!("name one of them, e.g. {member}"),
                );
            } else {
                let near = || {
                    nearest(&path.to_lowercase(), names::all()).map(|near| format!("did you mean {near}?"))
                };
                let remedy = elsewhere(path).or_else(near).unwrap_or_else(|| {
                    "see the table of names: `hiresync map fields`; a fixed text is \"'text'\"".to_owned()
                });
                self.fault(span, &format!("uses the unknown name {path}"), remedy);
            }
            return Gives::Anything;
        };
        if names::CALLED.contains(&entry.name) {
            self.fault(span, &format!("uses {path} without saying which"), format!("write {path}('…')"));
        }
        self.uses(entry, span, None);
        entry.gives
    }

    fn call(&mut self, call: &ast::Call<'_>, span: Span) -> Gives {
        let called = match &call.expr {
            Expr::Var(var) => names::find(var.id).filter(|entry| names::CALLED.contains(&entry.name)),
            Expr::GetAttr(member) => {
                self.read(&member.expr);
                let remedy = nearest(member.name, helper_names(HelperKind::Filter)).map_or_else(
                    || "see the table of helpers: `hiresync map fields`".to_owned(),
                    |near| format!("write … | {near}"),
                );
                self.fault(span, &format!("calls .{}(), and values have no methods", member.name), remedy);
                return Gives::Anything;
            }
            _ => None,
        };
        let Some(entry) = called else {
            let name = if let Expr::Var(var) = &call.expr { var.id } else { "something" };
            let helper = helper_names(HelperKind::Filter).find(|helper| *helper == name);
            let helper = helper.map(|helper| format!("a helper stands after a bar: … | {helper}"));
            let near = || nearest(name, names::CALLED).map(|near| format!("did you mean {near}?"));
            let remedy = helper
                .or_else(|| elsewhere(name))
                .or_else(near)
                .unwrap_or_else(|| format!("what can be called is {}", names::CALLED.join(", ")));
            self.fault(span, &format!("calls {name}, which is no function"), remedy);
            return Gives::Anything;
        };
        let query = if entry.name == "phone" {
            self.kind_of_phone(&call.args, span);
            None
        } else {
            self.query(entry.name, &call.args, span)
        };
        self.uses(entry, span, query);
        entry.gives
    }

    fn kind_of_phone(&mut self, args: &[CallArg<'_>], span: Span) {
        let kinds = PhoneKind::ALL.map(|(word, _)| word);
        let said = match args {
            [CallArg::Pos(arg)] => constant_text(arg),
            _ => None,
        };
        if !said.as_ref().is_some_and(|said| kinds.contains(&said.as_str())) {
            let near = said.and_then(|said| nearest(&said, kinds));
            let remedy = match near {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("write phone('mobile'); there are {}", kinds.join(", ")),
            };
            self.fault(span, "asks for a type of telephone number that there is not", remedy);
        }
    }

    fn query(&mut self, name: &str, args: &[CallArg<'_>], span: Span) -> Option<Query> {
        let mut query = Query::default();
        let mut wrong = None;
        for (at, arg) in args.iter().enumerate() {
            let (slot, expr) = match arg {
                CallArg::Pos(expr) if at == 0 => (&mut query.question, expr),
                CallArg::Kwarg("template", expr) => (&mut query.template, expr),
                CallArg::Kwarg("field", expr) => (&mut query.field, expr),
                CallArg::Kwarg("posting", expr) if name == "answer" => (&mut query.posting, expr),
                _ => {
                    wrong = Some("says more than which question is meant");
                    break;
                }
            };
            *slot = constant_text(expr);
            if slot.as_ref().is_none_or(|said| said.trim().is_empty()) {
                wrong = Some("does not write the question out");
            }
        }
        if wrong.is_none() && query.question.is_none() && query.field.is_none() {
            wrong = Some("does not say which question is meant");
        }
        match wrong {
            None => Some(query),
            Some(problem) => {
                let remedy = format!("write {name}('the question as worded'), or {name}(field='ID')");
                self.fault(span, problem, remedy);
                None
            }
        }
    }

    fn filter(&mut self, filter: &ast::Filter<'_>, span: Span) -> Gives {
        self.steps += 1;
        let of = filter.expr.as_ref().map_or(Gives::Anything, |of| self.read(of));
        let Some(helper) = self.helper(HelperKind::Filter, filter.name, &filter.args, of, span) else {
            return Gives::Anything;
        };
        match (helper.name, helper.gives) {
            // A day that is written in some format is a text.
            ("date", _) if says(&filter.args, "format") => Gives::Text,
            ("default", _) => {
                let instead = filter.args.first().and_then(argument).map(constant_kind);
                if instead == Some(of) { of } else { Gives::Anything }
            }
            ("date", _) => Gives::Day,
            ("number", _) if filter.args.is_empty() => Gives::Number,
            ("number", _) => Gives::Text,
            (_, Some(kind)) => gives(kind),
            (_, None) => Gives::Anything,
        }
    }

    /// A helper and what it is given.
    fn helper(
        &mut self,
        kind: HelperKind,
        name: &str,
        args: &[CallArg<'_>],
        of: Gives,
        span: Span,
    ) -> Option<&'static Helper> {
        for arg in args.iter().filter_map(argument) {
            self.read(arg);
        }
        let Some(helper) = helpers::HELPERS.iter().find(|helper| helper.kind == kind && helper.name == name)
        else {
            let what = match kind {
                HelperKind::Filter => "filter",
                HelperKind::Test => "test",
            };
            let near = || nearest(name, helper_names(kind)).map(|near| format!("did you mean {near}?"));
            let remedy = elsewhere(name)
                .or_else(near)
                .unwrap_or_else(|| "see the table of helpers: `hiresync map fields`".to_owned());
            self.fault(span, &format!("uses the unknown {what} {name}"), remedy);
            return None;
        };
        let positional = args.iter().filter(|arg| matches!(arg, CallArg::Pos(_))).count();
        let keyword = |arg: &CallArg<'_>| match arg {
            CallArg::Kwarg(name, _) => Some((*name).to_owned()),
            _ => None,
        };
        let keywords: Vec<String> = args.iter().filter_map(keyword).collect();
        let keywords: Vec<&str> = keywords.iter().map(String::as_str).collect();
        let is_written_out = positional + keywords.len() == args.len();
        let misuse = helper.misuse(positional, &keywords).or_else(|| {
            (!is_written_out).then(|| format!("{name} is given arguments that are not written out"))
        });
        if let Some(misuse) = misuse {
            let unknown = keywords.iter().find(|keyword| !helper.keywords.contains(keyword));
            let near = unknown.and_then(|unknown| nearest(unknown, helper.keywords.iter().copied()));
            let remedy = near.map_or_else(
                || format!("write it as in {}", helper.usage),
                |near| format!("did you mean {near}=?"),
            );
            self.fault(span, &misuse, remedy);
            return Some(helper);
        }
        if name == "lookup" {
            self.table(args, span);
        }
        if of == Gives::List && !helpers::TAKES_LISTS.contains(&name) {
            let remedy = if kind == HelperKind::Test {
                "write 'x' in … of a list"
            } else {
                "put | first or | join(';') before it"
            };
            self.fault(span, &format!("gives {name} a list, and it takes a text"), remedy);
        }
        // An argument that depends on the person is as good as none here.
        let said = |arg| argument(arg).and_then(Expr::as_const).unwrap_or_default();
        let by_name = args.iter().filter_map(|arg| match arg {
            CallArg::Kwarg(name, _) => Some((*name, said(arg))),
            _ => None,
        });
        let by_position = args.iter().filter(|arg| matches!(arg, CallArg::Pos(_))).map(said);
        if let Some(mistold) = helper.mistold(&by_position.collect::<Vec<_>>(), &by_name.collect()) {
            self.fault(span, &mistold, format!("write it as in {}", helper.usage));
        }
        Some(helper)
    }

    fn table(&mut self, args: &[CallArg<'_>], span: Span) {
        let said = args.first().and_then(argument).and_then(constant_text);
        if said.as_ref().is_some_and(|said| self.tables.contains_key(said)) {
            return;
        }
        let (problem, remedy) = match said {
            None => (
                "does not write the table's name out".to_owned(),
                "write lookup('NAME') and [tables.NAME]".to_owned(),
            ),
            Some(said) => {
                let near = nearest(&said, self.tables.keys().map(String::as_str));
                let remedy = near
                    .map_or_else(|| format!("add [tables.{said}]"), |near| format!("did you mean '{near}'?"));
                (format!("looks into the unknown table {said}"), remedy)
            }
        };
        self.fault(span, &problem, remedy);
    }

    fn uses(&mut self, entry: &'static Name, span: Span, query: Option<Query>) {
        if self.level == Level::Person && entry.level == Level::Hire {
            self.fault(
                span,
                &format!("uses {}, which belongs to one hire", entry.name),
                "move the field to the target's .hire table",
            );
        }
        let text =
            self.source.get(span.start_offset as usize..span.end_offset as usize).unwrap_or(entry.name);
        let used = Use { text: text.trim().to_owned(), name: entry.name, query };
        if !self.uses.contains(&used) {
            self.uses.push(used);
        }
    }

    fn fault(&mut self, span: Span, problem: &str, remedy: impl Into<String>) {
        let at = Some(character(self.source, span.start_offset as usize));
        self.faults.push(Fault { at, problem: problem.to_owned(), remedy: remedy.into() });
    }
}

/// The parts of `offer.custom_grade` or `offer['location/office']`.
fn path(expr: &Expr<'_>) -> Option<Vec<String>> {
    let (of, last) = match expr {
        Expr::Var(var) => return Some(vec![var.id.to_owned()]),
        Expr::GetAttr(member) => (path(&member.expr)?, member.name.to_owned()),
        Expr::GetItem(item) => {
            let table = path(&item.expr).filter(|table| names::is_table(&table.join(".")))?;
            (table, constant_text(&item.subscript_expr)?)
        }
        _ => return None,
    };
    Some([of, vec![last]].concat())
}

/// Whether it gives entries of `phones`, which are no texts but tables.
fn of_phones(expr: &Expr<'_>) -> bool {
    match expr {
        Expr::Var(var) => var.id == "phones",
        Expr::GetItem(item) => of_phones(&item.expr),
        Expr::Slice(slice) => of_phones(&slice.expr),
        Expr::Filter(filter) => filter.name != "length" && filter.expr.as_ref().is_some_and(of_phones),
        _ => false,
    }
}

fn argument<'a, 'e>(arg: &'a CallArg<'e>) -> Option<&'a Expr<'e>> {
    match arg {
        CallArg::Pos(expr) | CallArg::Kwarg(_, expr) => Some(expr),
        CallArg::PosSplat(expr) | CallArg::KwargSplat(expr) => Some(expr),
    }
}

fn says(args: &[CallArg<'_>], keyword: &str) -> bool {
    args.iter().any(|arg| match arg {
        CallArg::Pos(_) => true,
        CallArg::Kwarg(name, _) => *name == keyword,
        CallArg::PosSplat(_) | CallArg::KwargSplat(_) => true,
    })
}

fn constant_text(expr: &Expr<'_>) -> Option<String> {
    match expr {
        Expr::Const(constant) => constant.value.as_str().map(str::to_owned),
        _ => None,
    }
}

fn constant_kind(expr: &Expr<'_>) -> Gives {
    match expr {
        Expr::Const(constant) => kind_of(&constant.value),
        _ => Gives::Anything,
    }
}

fn kind_of(value: &minijinja::Value) -> Gives {
    match value.kind() {
        ValueKind::String => Gives::Text,
        ValueKind::Number => Gives::Number,
        ValueKind::Bool => Gives::Flag,
        ValueKind::Seq | ValueKind::Iterable => Gives::List,
        _ => Gives::Anything,
    }
}

fn gives(kind: FieldKind) -> Gives {
    match kind {
        FieldKind::Text => Gives::Text,
        FieldKind::Whole | FieldKind::Number => Gives::Number,
        FieldKind::Flag => Gives::Flag,
        FieldKind::Day => Gives::Day,
        FieldKind::List => Gives::List,
    }
}

fn helper_names(kind: HelperKind) -> impl Iterator<Item = &'static str> {
    helpers::HELPERS.iter().filter(move |helper| helper.kind == kind).map(|helper| helper.name)
}
