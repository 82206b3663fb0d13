//! The command line of `ray start`, as click parses it.

use std::collections::BTreeMap;

use rayguard_manifest::fix::{Edit, Fix};

use super::fault::{Fault, Subject};
use super::names;
use super::options::{Certainty, Kind, OPTIONS, StartOption, Versions};
use super::parameters::{Origin, Parameter, parameters};
use super::python;
use super::words::{LONGEST, Word, split};
use crate::kuberay::Version;
use crate::ray::{Group, RayObject};
use crate::reason::Reason;

/// The number of faults of a group from which on unknown parameters are not reported.
const MOST_FAULTS: usize = 1000;

/// The value of an option.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A switch is on
    On,
    /// A text, or a word of a choice
    Text(String),
    /// A number; `None` if it is not in the object
    Integer(Option<i64>),
    /// A number with a fraction
    Number(f64),
    /// A boolean
    Boolean(bool),
    /// The value is not in the object, or it is wrong and reported
    Unknown,
}

/// An option of the command line: its value, and the index of the parameter that gives it.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// The value.
    pub value: Value,
    /// The index of the parameter.
    pub parameter: usize,
}

/// The command line of a group.
pub(super) struct Command<'c, 'a> {
    /// The object of the group.
    pub object: &'c RayObject<'a>,
    /// The group.
    pub group: &'c Group<'a>,
    /// The versions of Ray that may run it.
    pub versions: Versions,
    /// The parameters, in the order of the command line.
    pub parameters: Vec<Parameter<'a>>,
    /// The options by name.
    pub given: BTreeMap<&'static str, Given>,
    /// What `ray start` refuses.
    pub faults: Vec<Fault>,
    /// The index of the last parameter whose value bash splits.
    split: Option<usize>,
}

impl<'c, 'a> Command<'c, 'a> {
    /// Parses the command line of a group. `None` if bash would run a part of it, so that nothing is known of it.
    pub(super) fn parse(object: &'c RayObject<'a>, group: &'c Group<'a>, kuberay: Version) -> Option<Self> {
        let parameters = parameters(object, group, kuberay);
        if parameters.iter().map(|parameter| parameter.name.len() + parameter.value.len()).sum::<usize>() > LONGEST {
            return None;
        }
        let versions = Versions::of(object.ray_release(group));
        let (mut words, mut dropped) = (Vec::new(), None);
        for (index, parameter) in
            parameters.iter().enumerate().filter(|(_, parameter)| parameter.origin != Origin::NoText)
        {
            let text = match parameter.switch() {
                Some(true) => format!("--{}", parameter.name),
                Some(false) => {
                    dropped = dropped.or((parameter.name == "port").then_some(index));
                    continue;
                }
                None => format!("--{}={}", parameter.name, parameter.value),
            };
            words.extend(split(&text)?.into_iter().map(|word| (word, index)));
        }
        let mut command =
            Self { object, group, versions, parameters, given: BTreeMap::new(), faults: Vec::new(), split: None };
        command.read(words);
        for index in 0..command.parameters.len() {
            let Parameter { name, origin, .. } = command.parameters[index];
            if origin == Origin::NoText {
                command.option(name, index);
            }
        }
        if let Some(index) = dropped.filter(|_| group.is_head() && !object.cluster.workers.is_empty()) {
            let message = "KubeRay drops this from the head, and gives workers the address host:false";
            command.refuse(Subject::InvalidValue, index, message, "remove it, or write a port");
        }
        Some(command)
    }

    /// Parses words as click's `OptionParser` does.
    fn read(&mut self, words: Vec<(Word, usize)>) {
        let mut words = words.into_iter();
        while let Some((word, index)) = words.next() {
            if word.text == "--" && word.is_whole {
                self.refuse(
                    Subject::InvalidValue,
                    index,
                    "it becomes `--`, after which ray start accepts no option",
                    "remove it",
                );
                return;
            }
            let Some(long) = word.text.strip_prefix("--") else {
                self.read_other(&word, index);
                continue;
            };
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            };
            let Some(option) = self.option(name, index) else { continue };
            let text = match (option.kind.is_switch(), value) {
                (true, None) => None,
                (true, Some(_)) => {
                    let message = format!("{name} is a switch: ray start accepts no value but true and false");
                    self.refuse(Subject::InvalidValue, index, message, "write \"true\", or remove it");
                    continue;
                }
                (false, Some(value)) => word.is_whole.then(|| value.to_owned()),
                (false, None) => {
                    let Some(value) = self.value_of_the_next_word(option, words.next(), index) else { continue };
                    value
                }
            };
            if !self.group.is_head() && is_of_the_head(option.name, text.as_deref()) {
                let message = format!("ray start accepts {name} only on the head, and ends on a worker");
                let fault = self.refuse(Subject::Misplaced, index, message, "remove it from the worker group");
                // Ray reads the address of the head as that of Redis, and ends only when nothing answers there.
                fault.is_uncertain = option.name == "head";
                continue;
            }
            let value = self.convert(option, text, index);
            self.given.insert(option.name, Given { value, parameter: index });
        }
    }

    /// Returns the value of an option that KubeRay writes without one: click takes the next word. `None` if the option
    /// cannot have that value.
    #[expect(clippy::option_option, reason = "a value may be one that is not in the object")]
    fn value_of_the_next_word(
        &mut self,
        option: &StartOption,
        next: Option<(Word, usize)>,
        index: usize,
    ) -> Option<Option<String>> {
        let name = option.name;
        let message = format!("KubeRay passes the value true as a bare `--{name}`, which is not a switch");
        let fault = self.refuse(Subject::InvalidValue, index, message, help_for(&option.kind));
        let (next, _) = next?;
        fault.is_uncertain = option.kind == Kind::Text;
        fault.is_uncertain.then(|| next.is_whole.then_some(next.text))
    }

    /// Reads a word that is no long option.
    fn read_other(&mut self, word: &Word, index: usize) {
        let is_verbose =
            word.text.strip_prefix('-').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b == b'v'));
        // A value with many blanks is one mistake.
        if !is_verbose && self.split != Some(index) {
            self.split = Some(index);
            let name = self.parameters[index].name;
            let message =
                format!("bash splits the value of {name} at the blank, and ray start refuses the second word");
            self.refuse(Subject::InvalidValue, index, message, "put the value in single quotes within the YAML string");
        }
    }

    /// Returns the option of this name, or reports that there is none.
    fn option(&mut self, name: &str, index: usize) -> Option<&'static StartOption> {
        let option = OPTIONS.find(name);
        let refusal = self.versions.refusal(|minor| option.is_some_and(|option| option.minors.contains(&minor)));
        // Suggestions take time, so there are not more of them than findings of a rule.
        if let Some(certainty) = refusal.filter(|_| self.faults.len() < MOST_FAULTS) {
            self.refuse_unknown(name, option, certainty, index);
        }
        // An option that only some versions have is read as in these versions.
        option.filter(|_| refusal.is_none())
    }

    fn refuse_unknown(&mut self, name: &str, option: Option<&StartOption>, certainty: Certainty, index: usize) {
        if name == "help" && self.parameters[index].switch() == Some(true) {
            self.refuse(Subject::InvalidValue, index, "ray start prints its help and ends", "remove it");
            return;
        }
        let versions = self.versions;
        let shown = crate::spelling::quote(name);
        let message = match option {
            _ if self.parameters[index].origin == Origin::RedisUsername => {
                format!("{versions} has no user name for Redis; ray start has redis-username since Ray 2.41")
            }
            Some(option) if *option.minors.start() > versions.newest() => {
                format!("ray start of {versions} has no parameter {name}; it is new in Ray 2.{}", option.minors.start())
            }
            Some(option) => format!("ray start has no parameter {name} since Ray 2.{}", option.minors.end() + 1),
            None => format!("ray start has no parameter {shown}"),
        };
        let help = names::help(name, option, versions);
        let closest = names::closest(name, versions).filter(|known| option.is_none() && *known != "labels");
        let target = closest.filter(|target| {
            // A default of KubeRay makes way for the user's parameter.
            let present = self.parameters.binary_search_by(|parameter| parameter.name.cmp(target));
            let is_free = present.is_ok_and(|at| self.parameters[at].origin == Origin::Default) || present.is_err();
            let is_right = self.group.is_head() || !is_of_the_head(target, None);
            is_free && is_right && names::is_slip(name, target)
        });
        let parameter = &self.parameters[index];
        let fix = target
            .filter(|_| matches!(parameter.origin, Origin::Params | Origin::NoText) && parameter.name == name)
            .map(|target| {
                let path = parameter.path(self.object, self.group);
                Fix { edits: vec![Edit::Rename { path, name: target.to_owned() }] }
            });
        let fault = self.refuse(Subject::UnknownParameter, index, message, help);
        fault.reason = Reason::NotSupported;
        fault.is_uncertain = certainty == Certainty::Likely;
        fault.fix = fix;
    }

    /// Converts the text of an option as click does, or reports that it cannot.
    fn convert(&mut self, option: &StartOption, text: Option<String>, index: usize) -> Value {
        let Some(text) = text else {
            return if option.kind.is_switch() { Value::On } else { Value::Unknown };
        };
        let value = match &option.kind {
            Kind::Text => return Value::Text(text),
            Kind::Flag | Kind::Count => return Value::On,
            Kind::Integer => python::integer(&text).map(Value::Integer),
            Kind::Number => python::number(&text).map(|number| number.map_or(Value::Unknown, Value::Number)),
            Kind::Boolean => python::boolean(&text).map(Value::Boolean),
            Kind::Choice(words) => {
                words.iter().any(|word| word.eq_ignore_ascii_case(&text)).then_some(Value::Text(text))
            }
            Kind::Json => match python::json(&text) {
                python::Parsed::Invalid => None,
                _ => Some(Value::Text(text)),
            },
        };
        let Some(value) = value else {
            let message =
                format!("ray start does not accept this value of {}: it is not {}", option.name, noun(&option.kind));
            self.refuse(Subject::InvalidValue, index, message, help_for(&option.kind));
            return Value::Unknown;
        };
        value
    }

    /// Reports a fault at the parameter of this index.
    pub(super) fn refuse(
        &mut self,
        subject: Subject,
        index: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> &mut Fault {
        let path = self.parameters[index].path(self.object, self.group);
        let (message, help) = (message.into(), help.into());
        let at = self.faults.len();
        let is_about_key = matches!(subject, Subject::UnknownParameter | Subject::Misplaced);
        let fault = Fault {
            subject,
            reason: Reason::Invalid,
            path,
            is_about_key,
            message,
            help,
            fix: None,
            is_uncertain: false,
        };
        self.faults.push(fault);
        &mut self.faults[at]
    }

    /// Reports a fault that not all versions have; nothing if the newest version accepts it.
    pub(super) fn refuse_in(
        &mut self,
        accepts: impl Fn(u64) -> bool,
        subject: Subject,
        index: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        if let Some(certainty) = self.versions.refusal(accepts) {
            self.refuse(subject, index, message, help).is_uncertain = certainty == Certainty::Likely;
        }
    }

    /// Returns a whole number of the command line, and the index of its parameter.
    pub(super) fn integer(&self, name: &str) -> Option<(i64, usize)> {
        let given = self.given.get(name)?;
        match given.value {
            Value::Integer(Some(number)) => Some((number, given.parameter)),
            _ => None,
        }
    }

    /// Returns a text of the command line, and the index of its parameter.
    pub(super) fn text(&self, name: &str) -> Option<(String, usize)> {
        let given = self.given.get(name)?;
        match &given.value {
            Value::Text(text) => Some((text.clone(), given.parameter)),
            _ => None,
        }
    }
}

/// Reports whether `ray start` accepts an option with this value only on the head.
fn is_of_the_head(name: &str, text: Option<&str>) -> bool {
    match name {
        "port" | "redis-shard-ports" | "include-dashboard" | "enable-object-reconstruction" | "head" => true,
        // An empty configuration is none.
        "system-config" => text.is_some_and(|text| match python::json(text) {
            python::Parsed::Value(json) => !python::is_falsy(&json),
            // A map that only Python reads is not empty.
            python::Parsed::Unknown => true,
            python::Parsed::Invalid => false,
        }),
        _ => false,
    }
}

fn noun(kind: &Kind) -> &'static str {
    match kind {
        Kind::Integer => "a whole number",
        Kind::Number => "a number",
        Kind::Boolean => "a boolean",
        Kind::Json => "JSON",
        Kind::Choice(_) => "a word that it knows",
        Kind::Text | Kind::Flag | Kind::Count => "a text",
    }
}

fn help_for(kind: &Kind) -> String {
    match kind {
        Kind::Integer => "write a whole number without a unit, such as \"4\"".to_owned(),
        Kind::Number => "write a number without a unit, such as \"1.5\"".to_owned(),
        Kind::Boolean => "write \"true\" or \"false\"".to_owned(),
        Kind::Json => "write JSON in single quotes within the YAML string".to_owned(),
        Kind::Choice(words) => format!("write one of {}", words.join(", ")),
        Kind::Text | Kind::Flag | Kind::Count => "write the value that is meant, or remove it".to_owned(),
    }
}
