//! Where does a contract keep its variables?
//!
//! In: a storage layout as solc prints it; Vyper's, written with the same keys, too. Out:
//! [`StorageLayout`].
//! Invariant: a number that is none, or a key that is missing, is an error that names its field.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use crate::artifacts::{ArtifactError, read::unquoted};

/// A contract's variables and their types.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct StorageLayout {
    /// The variables in declaration order.
    pub storage: Vec<Variable>,
    /// The types mentioned, by the compiler's name for them.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub types: BTreeMap<String, LayoutType>,
}

/// One state variable, or one member of a struct.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// Its name.
    pub label: String,
    /// Its slot; within a struct, relative to the struct's first.
    #[serde(deserialize_with = "decimal")]
    pub slot: U256,
    /// Its offset in the slot, in bytes from the low end.
    pub offset: u8,
    /// Its type, a key of [`StorageLayout::types`].
    #[serde(rename = "type")]
    pub type_name: String,
    /// The file and contract that declare it, such as `src/Token.sol:Token`; that of the layout where
    /// no syntax tree says more.
    #[serde(default)]
    pub contract: String,
    /// Its number in the compiler's syntax tree.
    #[serde(default)]
    pub ast_id: Option<u64>,
}

/// One type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayoutType {
    /// How it lies in storage: `inplace`, `mapping`, `dynamic_array` or `bytes`; for Vyper
    /// `vyper_inplace` or `vyper_hashmap`.
    pub encoding: String,
    /// The type as the source spells it.
    pub label: String,
    /// Its size.
    #[serde(deserialize_with = "decimal")]
    pub number_of_bytes: U256,
    /// A mapping's value type.
    #[serde(default)]
    pub value: Option<String>,
    /// An array's element type.
    #[serde(default)]
    pub base: Option<String>,
    /// A struct's members.
    #[serde(default)]
    pub members: Vec<Variable>,
}

impl LayoutType {
    /// How many slots it takes, at least one.
    pub(crate) fn n_slots(&self) -> U256 {
        self.number_of_bytes.div_ceil(U256::from(32)).max(U256::ONE)
    }
}

impl StorageLayout {
    /// The layout an artifact has at `field`; none when it has none, or one of another form.
    ///
    /// # Errors
    ///
    /// When it has solc's form but not its content.
    pub(crate) fn of_artifact(
        file: &str,
        field: &str,
        value: &Value,
    ) -> Result<Option<Self>, ArtifactError> {
        // Vyper prints a layout of its own under the same key.
        let value = unquoted(value);
        if !value["storage"].is_array() {
            return Ok(None);
        }
        let layout = serde_path_to_error::deserialize(&*value).map_err(|error| {
            let field = format!("{field}.{}", error.path());
            ArtifactError::field(file, &field, format_args!("{}; compile it again", error.inner()))
        });
        layout.map(Some)
    }

    /// The slots that a type takes; one where it is not known.
    pub(crate) fn n_slots(&self, type_name: &str) -> U256 {
        self.types.get(type_name).map_or(U256::ONE, LayoutType::n_slots)
    }
}

fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<U256, D::Error> {
    let text = String::deserialize(deserializer)?;
    U256::from_str_radix(&text, 10)
        .map_err(|_| de::Error::custom(format!("`{text}` is not a decimal number")))
}

fn null_as_empty<'de, D>(deserializer: D) -> Result<BTreeMap<String, LayoutType>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
