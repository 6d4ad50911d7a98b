//! Reads plain JavaScript values, as JSON has them, into Rust's types.
//!
//! `serde-wasm-bindgen` does this too, and better in general: it reads maps, dates and big numbers, and says
//! what is wrong. This module is loaded with each start of the background, and that cost a sixteenth of it. What
//! makes the difference: fields and variants are handed over by their number, so that no names are compared
//! on this side, and what does not fit is [`Wrong`], without words that nobody reads.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::mem::replace;

use js_sys::{Array, Object, Reflect};
use serde::Deserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use wasm_bindgen::{JsCast, JsValue};

/// The value is of another shape.
#[derive(Debug)]
pub(crate) struct Wrong;

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of another shape")
    }
}

impl std::error::Error for Wrong {}

// Without these, the defaults would make sentences of what they are told.
impl de::Error for Wrong {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self
    }
    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self
    }
    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self
    }
    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn missing_field(_: &'static str) -> Self {
        Self
    }
    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

/// A value to be read.
pub(crate) struct Plain(pub(crate) JsValue);

impl Plain {
    fn is_nothing(&self) -> bool {
        self.0.is_null() || self.0.is_undefined()
    }

    /// A whole number that JavaScript can hold exactly.
    fn whole(&self) -> Result<i64, Wrong> {
        const MOST: f64 = 9_007_199_254_740_991.0;
        let number = self.0.as_f64().ok_or(Wrong)?;
        match number.trunc() == number && number.abs() <= MOST {
            true => Ok(number as i64),
            false => Err(Wrong),
        }
    }

    fn text(&self) -> Result<String, Wrong> {
        self.0.as_string().ok_or(Wrong)
    }

    fn elements(self) -> Result<Elements, Wrong> {
        match Array::is_array(&self.0) {
            true => Ok(Elements {
                array: self.0.unchecked_into(),
                at: 0,
            }),
            false => Err(Wrong),
        }
    }

    fn object(self) -> Result<Object, Wrong> {
        match self.0.is_object() {
            true => Ok(self.0.unchecked_into()),
            false => Err(Wrong),
        }
    }

    fn entries(self) -> Result<Entries, Wrong> {
        Ok(Entries {
            entries: Object::entries(&self.object()?),
            at: 0,
            value: JsValue::UNDEFINED,
        })
    }

    /// A variant's name and what it holds.
    fn variant(self) -> Result<(String, Plain), Wrong> {
        if let Some(name) = self.0.as_string() {
            return Ok((name, Plain(JsValue::UNDEFINED)));
        }
        let mut entries = self.entries()?;
        let name = entries.next().filter(|_| entries.entries.length() == 1);
        Ok((name.ok_or(Wrong)?.text()?, Plain(entries.value)))
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            visitor.visit_i64(self.whole()?)
        })*
    };
}

macro_rules! texts {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            visitor.visit_string(self.text()?)
        })*
    };
}

impl<'de> Deserializer<'de> for Plain {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.is_nothing() {
            visitor.visit_unit()
        } else if let Some(is) = self.0.as_bool() {
            visitor.visit_bool(is)
        } else if let Ok(number) = self.whole() {
            visitor.visit_i64(number)
        } else if let Some(number) = self.0.as_f64() {
            visitor.visit_f64(number)
        } else if let Some(text) = self.0.as_string() {
            visitor.visit_string(text)
        } else if Array::is_array(&self.0) {
            visitor.visit_seq(self.elements()?)
        } else {
            visitor.visit_map(self.entries()?)
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    texts! { deserialize_char deserialize_str deserialize_string deserialize_identifier }

    forward_to_deserialize_any! { i128 u128 bytes byte_buf unit_struct }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_bool(self.0.as_bool().ok_or(Wrong)?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_f64(self.0.as_f64().ok_or(Wrong)?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.is_nothing() {
            true => visitor.visit_none(),
            false => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.is_nothing() {
            true => visitor.visit_unit(),
            false => Err(Wrong),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_seq(self.elements()?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_seq(self.elements()?)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_seq(self.elements()?)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_map(self.entries()?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_map(Fields {
            object: self.object()?,
            names,
            at: 0,
            value: JsValue::UNDEFINED,
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let (name, content) = self.variant()?;
        // A name that is not there has a number that is not there: `#[serde(other)]` takes it.
        let number = names.iter().position(|it| *it == name);
        visitor.visit_enum(Variant {
            number: number.unwrap_or(usize::MAX) as u64,
            content,
        })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }
}

/// The elements of an array.
struct Elements {
    array: Array,
    at: u32,
}

impl Elements {
    fn next(&mut self) -> Option<Plain> {
        let at = self.at;
        self.at += 1;
        (at < self.array.length()).then(|| Plain(self.array.get(at)))
    }
}

impl<'de> de::SeqAccess<'de> for Elements {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Wrong> {
        self.next().map(|value| seed.deserialize(value)).transpose()
    }
}

/// The entries of an object whose keys are not known.
struct Entries {
    entries: Array,
    at: u32,
    value: JsValue,
}

impl Entries {
    /// The next key; its value waits.
    fn next(&mut self) -> Option<Plain> {
        if self.at == self.entries.length() {
            return None;
        }
        let entry: Array = self.entries.get(self.at).unchecked_into();
        self.at += 1;
        self.value = entry.get(1);
        Some(Plain(entry.get(0)))
    }
}

impl<'de> de::MapAccess<'de> for Entries {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Wrong> {
        self.next().map(|key| seed.deserialize(key)).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        seed.deserialize(Plain(replace(&mut self.value, JsValue::UNDEFINED)))
    }
}

/// The fields of an object, by their number in the type's declaration.
struct Fields {
    object: Object,
    names: &'static [&'static str],
    at: usize,
    value: JsValue,
}

thread_local! {
    /// The names of fields as JavaScript has them, by where they lie: each is made once.
    static NAMES: RefCell<BTreeMap<(usize, usize), JsValue>> = const { RefCell::new(BTreeMap::new()) };
}

fn get(object: &Object, name: &'static str) -> Result<JsValue, Wrong> {
    // What is read is plain: nothing runs meanwhile that could come back here.
    NAMES.with_borrow_mut(|names| {
        let known = names.entry((name.as_ptr() as usize, name.len()));
        let name = known.or_insert_with(|| JsValue::from_str(name));
        Reflect::get(object, name).map_err(|_| Wrong)
    })
}

impl Fields {
    /// The number of the next field that is there; its value waits.
    fn next(&mut self) -> Result<Option<u64>, Wrong> {
        while let Some(name) = self.names.get(self.at) {
            let number = self.at as u64;
            self.at += 1;
            self.value = get(&self.object, name)?;
            if !self.value.is_undefined() {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }
}

impl<'de> de::MapAccess<'de> for Fields {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Wrong> {
        let number = self.next()?;
        number
            .map(|number| seed.deserialize(number.into_deserializer()))
            .transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        seed.deserialize(Plain(replace(&mut self.value, JsValue::UNDEFINED)))
    }
}

/// A variant, by its number in the type's declaration.
struct Variant {
    number: u64,
    content: Plain,
}

impl<'de> de::EnumAccess<'de> for Variant {
    type Error = Wrong;
    type Variant = Plain;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Plain), Wrong> {
        let number: de::value::U64Deserializer<Wrong> = self.number.into_deserializer();
        Ok((seed.deserialize(number)?, self.content))
    }
}

impl<'de> de::VariantAccess<'de> for Plain {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        match self.is_nothing() {
            true => Ok(()),
            false => Err(Wrong),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_seq(self.elements()?)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_struct("", names, visitor)
    }
}
