//! What does a Solidity file declare, and on which lines?
//!
//! In: the text of a file. Out: [`Declared`] contracts with their functions, variables and structs.
//! Invariants: total on any text and linear in its length; comments and strings declare nothing.
//!
//! A member of a contract ends with a semicolon or with its block, whatever is in brackets; its first
//! word says what it is, and what starts with no keyword is a variable, named by the last word before
//! its value.

use std::collections::BTreeMap;

/// A contract, interface or library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) line: u32,
    /// What it inherits from, in the order of the source.
    pub(super) bases: Vec<String>,
    pub(super) functions: Vec<Function>,
    /// Lines by name.
    pub(super) variables: BTreeMap<String, u32>,
    pub(super) structs: BTreeMap<String, u32>,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Function {
    /// Its name; `fallback` or `receive`, or nothing as old fallbacks have it.
    pub(super) name: String,
    pub(super) line: u32,
    /// Its parameters' types as the source spells them.
    types: Vec<String>,
    pub(super) has_body: bool,
}

impl Declared {
    /// The line of what has this signature: a function with a body, or a variable's getter.
    pub(super) fn callable(&self, signature: &str) -> Option<u32> {
        let (name, types) = signature.split_once('(')?;
        let types = in_list(types.strip_suffix(')')?);
        let named = || self.functions.iter().filter(|it| it.name == name && it.has_body);
        let only = |fits: fn(&Function, &[&str]) -> bool| {
            let mut found = named().filter(|it| fits(it, &types)).map(|it| it.line);
            let first = found.next();
            first.filter(|_| found.next().is_none())
        };
        let is_function = named().next().is_some();
        let getter = || self.variables.get(name).copied().filter(|_| !is_function);
        only(Function::is_of).or_else(|| only(Function::may_be_of)).or_else(getter)
    }
}

impl Function {
    /// Whether its parameters have these types, as signatures spell them.
    fn is_of(&self, types: &[&str]) -> bool {
        self.types.iter().eq(types)
    }

    /// Whether they may have them: what the source calls by another name may be anything.
    fn may_be_of(&self, types: &[&str]) -> bool {
        let is_plain = |own: &str| {
            let starts = ["uint", "int", "bytes", "string", "address", "bool"];
            starts.into_iter().any(|start| own.starts_with(start))
        };
        let may_be = |(own, asked): (&String, &&str)| !is_plain(own) || own == asked;
        self.types.len() == types.len() && self.types.iter().zip(types).all(may_be)
    }
}

/// The parts of a list, of which some may have lists in brackets.
fn in_list(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_u32, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !text[start..].is_empty() {
        parts.push(&text[start..]);
    }
    parts
}

/// A word, or one sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token<'a> {
    text: &'a str,
    line: u32,
}

impl Token<'_> {
    fn is_word(&self) -> bool {
        self.text.starts_with(is_letter)
    }
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

/// All contracts of a file.
pub(super) fn scan(text: &str) -> Vec<Declared> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_contract = matches!(tokens[at].text, "contract" | "interface" | "library");
        at = match tokens.get(at + 1) {
            Some(name) if is_contract && name.is_word() => {
                let (contract, end) = contract(&tokens, at + 1);
                found.push(contract);
                end
            }
            _ => behind(&tokens, at),
        };
    }
    found
}

/// The contract whose name stands at `at`, and where it ends.
fn contract(tokens: &[Token<'_>], at: usize) -> (Declared, usize) {
    let mut made =
        Declared { name: tokens[at].text.to_owned(), line: tokens[at].line, ..Declared::default() };
    let mut here = at + 1;
    let mut base = None;
    while here < tokens.len() && tokens[here].text != "{" {
        match tokens[here].text {
            "," => made.bases.extend(base.take()),
            // The last part of `Alias.Base` is the name.
            word if tokens[here].is_word() && word != "is" => base = Some(word.to_owned()),
            _ => {}
        }
        here = behind(tokens, here);
    }
    made.bases.extend(base);
    let end = behind(tokens, here);
    let inside = tokens.get(here + 1..end.saturating_sub(1)).unwrap_or_default();
    let mut from = 0;
    while from < inside.len() {
        let to = end_of_member(inside, from);
        made.note(&inside[from..to]);
        from = to;
    }
    (made, end)
}

/// Behind the member that starts at `from`.
fn end_of_member(tokens: &[Token<'_>], from: usize) -> usize {
    let mut at = from;
    while at < tokens.len() {
        let is_last = matches!(tokens[at].text, ";" | "{");
        at = behind(tokens, at);
        if is_last {
            break;
        }
    }
    at
}

/// Behind the token at `at`, and where it opens a bracket, behind the one that closes it.
fn behind(tokens: &[Token<'_>], at: usize) -> usize {
    let mut depth = 0_u32;
    for (n, token) in tokens.iter().enumerate().skip(at) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return n + 1;
        }
    }
    tokens.len()
}

impl Declared {
    /// Takes in a member.
    fn note(&mut self, member: &[Token<'_>]) {
        let Some(first) = member.first().filter(|first| first.is_word()) else { return };
        let name = member.get(1).filter(|name| name.is_word());
        match (first.text, name) {
            ("function", Some(name)) => self.function(name, member),
            ("function" | "fallback" | "receive", None) => self.function(first, member),
            ("struct", Some(name)) => {
                self.structs.insert(name.text.to_owned(), name.line);
            }
            (
                "event" | "error" | "using" | "modifier" | "constructor" | "enum" | "type"
                | "struct",
                _,
            ) => {}
            _ => self.variable(member),
        }
    }

    fn function(&mut self, name: &Token<'_>, member: &[Token<'_>]) {
        let text = if name.text == "function" { "" } else { name.text };
        let Some(open) = member.iter().position(|token| token.text == "(") else { return };
        let close = behind(member, open);
        self.functions.push(Function {
            name: text.to_owned(),
            line: name.line,
            types: types(&member[open + 1..close.saturating_sub(1).max(open + 1)]),
            has_body: member.last().is_some_and(|last| last.text == "}"),
        });
    }

    fn variable(&mut self, member: &[Token<'_>]) {
        let mut at = 0;
        let mut name = None;
        while at < member.len() && !matches!(member[at].text, "=" | ";") {
            name = Some(member[at]).filter(Token::is_word).or(name);
            at = behind(member, at);
        }
        if let Some(name) = name {
            self.variables.insert(name.text.to_owned(), name.line);
        }
    }
}

/// The types of a list of parameters.
fn types(parameters: &[Token<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    let mut from = 0;
    while from < parameters.len() {
        let mut to = from;
        while to < parameters.len() && parameters[to].text != "," {
            to = behind(parameters, to);
        }
        found.push(type_of(&parameters[from..to]));
        from = to + 1;
    }
    found
}

/// The type of one parameter: its first word with what stands in square brackets behind.
fn type_of(parameter: &[Token<'_>]) -> String {
    let Some(first) = parameter.first() else { return String::new() };
    let mut text = match first.text {
        "uint" => "uint256".to_owned(),
        "int" => "int256".to_owned(),
        word => word.to_owned(),
    };
    let mut rest = parameter[1..].iter().skip_while(|token| token.text == "payable");
    let mut is_open = false;
    for token in rest.by_ref() {
        is_open |= token.text == "[";
        if !is_open {
            break;
        }
        text.push_str(token.text);
        is_open &= token.text != "]";
    }
    text
}

/// Words and signs of a text, without comments and what stands in quotes.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest[2..].find("*/").map_or(rest.len(), |at| at + 4),
            '"' | '\'' => quoted(rest, first),
            _ if is_letter(first) => rest.find(|c| !is_letter(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, behind) = rest.split_at(len);
        let is_silent = first.is_whitespace()
            || matches!(first, '"' | '\'')
            || token.starts_with("//")
            || token.starts_with("/*");
        if !is_silent {
            found.push(Token { text: token, line });
        }
        line += token.bytes().filter(|byte| *byte == b'\n').count() as u32;
        rest = behind;
    }
    found
}

/// How long a text in quotes is, which are included.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            '\n' => return at,
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}
