//! Reading an expression through, node by node: what it uses, what kind of value it gives, what is wrong with it.

use adapter_sdk::{FieldKind, Level, settings::nearest};
use minijinja::{
    machinery::{
        Span,
        ast::{self, BinOpKind, CallArg, CompareOpKind, Expr},
    },
    value::ValueKind,
};
use people::PhoneKind;

use super::{Fault, Use, slips::elsewhere};
use crate::{
    Tables,
    facts::Query,
    helpers::{self, Helper, HelperKind},
    names::{self, Gives, Name},
};

pub(super) struct Reader<'s> {
    source: &'s str,
    level: Level,
    tables: &'s Tables,
    /// Every fact that is used, each once.
    pub(super) uses: Vec<Use>,
    pub(super) faults: Vec<Fault>,
    /// Helpers and operators that make something new.
    pub(super) steps: usize,
}

impl<'s> Reader<'s> {
    pub(super) fn new(source: &'s str, level: Level, tables: &'s Tables) -> Self {
        Reader { source, level, tables, uses: Vec::new(), faults: Vec::new(), steps: 0 }
    }

    /// Reads one node and everything below it; answers what kind of value it gives.
    pub(super) fn read(&mut self, expr: &Expr<'_>) -> Gives {
        match expr {
            Expr::Const(constant) => {
                if constant.value.is_none() {
                    self.fault(
                        expr.span(),
                        "says none",
                        "a blank is ''; whether there is one asks `is blank`",
                    );
                }
                if constant.value.as_str().is_some_and(names::is_braced) {
                    self.fault(
                        expr.span(),
                        "is a fixed text with a name in braces",
                        "write name.first ~ ' ' ~ name.last",
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
                    match op.op {
                        CompareOpKind::In | CompareOpKind::NotIn => self.looked_for_in(right.0),
                        _ => self.compared(left, right),
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
            Expr::Slice(_) => {
                self.fault(
                    expr.span(),
                    "cuts a piece out, which may be part of a character",
                    "use | truncate(3) for a text; | first, | last or [0] for a list",
                );
                Gives::Anything
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
            BinOpKind::In => {
                self.looked_for_in(&binary.right);
                Gives::Flag
            }
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
        let [(left, of), (right, with)] = sides;
        let is_of_days = [left, right].iter().any(|gives| matches!(gives, Gives::Day | Gives::Moment));
        let remedy = if is_of_days {
            "shift a day with | date(days=7)"
        } else if matches!(with, Expr::Filter(_)) {
            "a helper belongs to what stands right before it: put brackets, (a / 12) | number(decimals=2)"
        } else {
            "use | number, or ~ for texts"
        };
        self.fault(of.span(), &format!("reckons with {} and {}", left.words(), right.words()), remedy);
    }

    /// What is never equal, and what has no order, is no comparison but a slip.
    fn compared(&mut self, left: (&Expr<'_>, Gives), right: (&Expr<'_>, Gives)) {
        let ((of, left), (with, right)) = (left, right);
        if [of, with].into_iter().any(|side| constant_text(side).is_some_and(|text| text.is_empty())) {
            self.fault(of.span(), "compares with an empty text", "write … is blank, or … is not blank");
        } else if let Some(remedy) = [(of, with), (with, of)].into_iter().find_map(never_equal) {
            self.fault(of.span(), "compares with what it can never be", remedy);
        } else if !left.is_alike(right) {
            let problem = format!("compares {} with {}", left.words(), right.words());
            self.fault(of.span(), &problem, "compare like with like: 60000 is a number, '60000' a text");
        }
    }

    /// A blank is in any text, and so is `B`.
    fn looked_for_in(&mut self, what: &Expr<'_>) {
        if constant_text(what).is_some() {
            self.fault(what.span(), "looks into one text", "write a list: posting.country in ['DE', 'GB']");
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
                self.read(&item.subscript_expr);
                if self.read(&item.expr) != Gives::List {
                    self.fault(
                        expr.span(),
                        "takes one item of what may be a text",
                        "use | first or | last, or make it a list with | split(',')",
                    );
                }
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
        if let Some(near) = names::nearly(path).filter(|_| !self.text(span).contains('[')) {
            let remedy =
                format!("did you mean {near}? If your account has that field, write {}", quoted(parts));
            self.fault(span, &format!("uses {path}, which is nearly {near}"), remedy);
        }
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
            let helper = helper_names(HelperKind::Filter).find(|helper| helper.eq_ignore_ascii_case(name));
            let is_name =
                names::find(name).is_some().then(|| format!("{name} is a value: write it without brackets"));
            let helper = helper.map(|helper| format!("a helper stands after a bar: … | {helper}"));
            let near = || nearest(name, names::CALLED).map(|near| format!("did you mean {near}?"));
            let remedy = is_name
                .or(helper)
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
        if helper.name == "date" && filter.expr.as_ref().is_some_and(is_written_day) {
            let remedy = "say it in one: date(days=3, format='%d.%m.%Y')";
            self.fault(span, "reads a day that was just written as a text", remedy);
        }
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
        let used = Use { text: self.text(span).to_owned(), name: entry.name, query };
        if !self.uses.contains(&used) {
            self.uses.push(used);
        }
    }

    fn text(&self, span: Span) -> &str {
        self.source.get(span.start_offset as usize..span.end_offset as usize).unwrap_or_default().trim()
    }

    pub(super) fn fault(&mut self, span: Span, problem: &str, remedy: impl Into<String>) {
        let at = Some(character(self.source, span.start_offset as usize));
        self.faults.push(Fault { at, problem: problem.to_owned(), remedy: remedy.into() });
    }
}

/// The parts of `offer.custom_grade` or `offer['location/office']`.
pub(super) fn path(expr: &Expr<'_>) -> Option<Vec<String>> {
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

/// What a fact is compared with and can never be: what to write instead.
fn never_equal((fact, with): (&Expr<'_>, &Expr<'_>)) -> Option<&'static str> {
    let said = constant_text(with)?;
    let name = names::find(&path(fact)?.join("."))?;
    let is_country = said.len() == 2 && said.bytes().all(|byte| byte.is_ascii_uppercase());
    match name.gives {
        _ if name.name == "posting.country" && !is_country => {
            Some("write the ISO code: posting.country == 'DE'")
        }
        Gives::Day if said.parse::<people::Date>().is_err() => Some("write the day as '2026-05-01'"),
        _ => None,
    }
}

/// A day that was given a format.
fn is_written_day(expr: &Expr<'_>) -> bool {
    matches!(expr, Expr::Filter(filter) if filter.name == "date" && says(&filter.args, "format"))
}

/// `offer['start_dte']`: said in so many letters, it is meant.
fn quoted(parts: &[String]) -> String {
    let (last, table) =
        parts.split_last().map_or(("", Vec::new()), |(last, of)| (last.as_str(), of.to_vec()));
    format!("{}['{last}']", table.join("."))
}

/// Whether it gives entries of `phones`, which are no texts but tables.
pub(super) fn of_phones(expr: &Expr<'_>) -> bool {
    match expr {
        Expr::Var(var) => var.id == "phones",
        Expr::GetItem(item) => of_phones(&item.expr),
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

/// The character at a byte, counted from 1.
pub(super) fn character(source: &str, byte: usize) -> usize {
    source.char_indices().take_while(|(at, _)| *at < byte).count() + 1
}
