//! Values that are texts of a certain form: a DNS domain, the names of namespaces, a reason.

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use serde_json::{Value, json};

use super::Reader;
use super::form::Form;
use super::json_schema::{Definitions, nullable};
use crate::name::{Syntax, sentence};
use crate::policy::Exemption;
use crate::settings::Settings;
use crate::spelling::quote;

/// The DNS domain of the Kubernetes cluster, in letters of any case, and with or without dots around it.
pub(super) struct ClusterDomain;

const DOMAIN_HELP: &str = "write the DNS domain of the Kubernetes cluster, such as cluster.local";

impl Form<Settings> for ClusterDomain {
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, target: &mut Settings) {
        let domain = json.as_str().unwrap_or_default().to_ascii_lowercase();
        let domain = domain.trim_matches('.');
        if Syntax::Dns1123Subdomain.admits(domain) {
            target.cluster_domain = domain.into();
        } else {
            reader.error(path.clone(), DOMAIN_HELP);
        }
    }

    fn schema(&self, _: &mut Definitions) -> Value {
        let pattern = Syntax::Dns1123Subdomain.pattern().replace("a-z", "A-Za-z");
        let inner = pattern.trim_start_matches('^').trim_end_matches('$');
        nullable(json!({
            "type": "string",
            "pattern": format!(r"^\.*{inner}\.*$"),
            "patternErrorMessage": DOMAIN_HELP,
            "default": Settings::default().cluster_domain,
        }))
    }
}

/// The namespaces of an exemption. A pattern would match no namespace, and is an error.
pub(super) struct Namespaces;

const NAMESPACE_HELP: &str = "write the full name of each namespace";

impl Form<Exemption> for Namespaces {
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, target: &mut Exemption) {
        reader.names(json, path);
        for (index, name) in json.items().iter().enumerate() {
            let Some(name) = name.as_nonempty_str() else { continue };
            let errors = Syntax::Dns1123Label.errors(name);
            if errors.is_empty() {
                target.namespaces.push(name.to_owned());
            } else {
                let (name, errors) = (quote(name), sentence(&errors));
                let message = format!("{name} {errors}, so it is not the name of a namespace; {NAMESPACE_HELP}");
                reader.error(path.clone().index(index), message);
            }
        }
    }

    fn schema(&self, _: &mut Definitions) -> Value {
        let name = json!({
            "type": "string",
            "pattern": Syntax::Dns1123Label.pattern(),
            "patternErrorMessage": NAMESPACE_HELP,
            "maxLength": 63,
        });
        json!({"type": "array", "items": name, "minItems": 1})
    }
}

/// The reason for an exemption.
pub(super) struct Reason;

impl Form<Exemption> for Reason {
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, target: &mut Exemption) {
        match json.as_nonempty_str() {
            Some(reason) => reason.clone_into(&mut target.reason),
            None => reader.error(path.clone(), "write the reason for the exemption"),
        }
    }

    fn schema(&self, _: &mut Definitions) -> Value {
        json!({"type": "string", "minLength": 1})
    }
}
