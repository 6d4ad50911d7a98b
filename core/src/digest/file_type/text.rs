//! Whether bytes are text, and if so of what kind.
//!
//! In this order: the line that begins with `#!`, beginnings that only one format has, structure
//! (mail headers, JSON, XML, sections of settings), the words of programming languages, columns.
//! A language has to show several of its words in a text that is dense with signs: prose that
//! speaks about code stays prose, and code that says little of itself is `text`.

use std::borrow::Cow;

use super::Kind::{self, *};
use super::holds;

/// How much is looked at for the words of languages.
const SAMPLE: usize = 8 * 1024;

/// Reads the language of a text, from its first bytes as they are and in lower case.
pub(super) type Reader = fn(&[u8], &[u8]) -> Option<Kind>;

/// The type of a text, `None` for what is none.
pub(super) fn kind(head: &[u8], read: Reader) -> Option<Kind> {
    let text = decode(head)?;
    let text = text.trim_ascii_start();
    let sample = &text[..text.len().min(SAMPLE)];
    let lower = sample.to_ascii_lowercase();
    Some(
        shebang(text)
            .or_else(|| beginning(&lower))
            .or_else(|| markup(&lower))
            .or_else(|| json(text).then_some(Json))
            .or_else(|| read(sample, &lower))
            .unwrap_or(Text),
    )
}

/// Tells what takes more than a look at the beginning: mail, settings, code, columns.
pub(super) fn read(sample: &[u8], lower: &[u8]) -> Option<Kind> {
    mail(sample)
        .or_else(|| sections(lower))
        .or_else(|| language(sample, lower))
        .or_else(|| columns(sample).then_some(Csv))
}

/// Whether the first bytes are printable ASCII all through.
pub(super) fn is_ascii(head: &[u8]) -> bool {
    let first = &head[..head.len().min(256)];
    first
        .iter()
        .all(|byte| byte.is_ascii() && !is_control(*byte))
}

/// Controls that stand in no text. Backspace and escape do, in what terminals print; 0x1a ended
/// files under DOS.
fn is_control(byte: u8) -> bool {
    matches!(byte, 0..=7 | 0x0e..=0x19 | 0x1c..=0x1f | 0x7f)
}

/// The text's bytes in an encoding whose ASCII is ASCII: UTF-8 and the legacy ones as they are,
/// UTF-16 with every other character as one byte that isn't ASCII. `None` if it is no text.
fn decode(head: &[u8]) -> Option<Cow<'_, [u8]>> {
    let narrow = |unit: fn([u8; 2]) -> u16| {
        let units = head[2..].chunks_exact(2);
        units
            .map(|pair| u8::try_from(unit([pair[0], pair[1]])).unwrap_or(0x80))
            .collect()
    };
    let text: Cow<[u8]> = match head {
        [0xff, 0xfe, _, _, ..] => Cow::Owned(narrow(u16::from_le_bytes)),
        [0xfe, 0xff, _, _, ..] => Cow::Owned(narrow(u16::from_be_bytes)),
        [0xef, 0xbb, 0xbf, rest @ ..] => Cow::Borrowed(rest),
        _ => Cow::Borrowed(head),
    };
    // A stray control hides no script; NUL and many of them are binary.
    let controls = text.iter().filter(|byte| is_control(**byte)).count();
    if controls * 200 > text.len() || text.contains(&0) {
        return None;
    }
    let is_utf8 = match std::str::from_utf8(&text) {
        Ok(_) => true,
        // A character cut by the end of the head is no reason against text; nothing but it is.
        Err(error) => error.error_len().is_none() && error.valid_up_to() > 0,
    };
    // Of 64 random bytes one in a thousand has no control; shorter ones have to be mostly ASCII, and
    // the rest none of what are controls beyond it.
    let high = text.iter().filter(|byte| !byte.is_ascii()).count();
    let is_legacy = text.len() >= 64
        || high * 3 <= text.len() && !text.iter().any(|byte| (0x80..0xa0).contains(byte));
    (is_utf8 || is_legacy || matches!(text, Cow::Owned(_))).then_some(text)
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| matches!(byte, b'\n' | b'\r'))
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
}

/// `#!/usr/bin/env -S VAR=x python3 -u` and its shorter forms.
fn shebang(text: &[u8]) -> Option<Kind> {
    let line = lines(text.strip_prefix(b"#!")?).next()?;
    let mut words = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let name = |word: &[u8]| {
        word.rsplit(|byte| matches!(byte, b'/' | b'\\'))
            .next()
            .map(<[u8]>::to_vec)
    };
    let mut program = name(words.next()?)?;
    if program == b"env" {
        program = name(words.find(|word| word[0] != b'-' && !word.contains(&b'='))?)?;
    }
    // `#![attribute]` is Rust.
    program.first().filter(|byte| byte.is_ascii_alphabetic())?;
    Kind::told('!', &|name| program.starts_with(name.as_bytes())).or(Some(OtherScript))
}

fn beginning(lower: &[u8]) -> Option<Kind> {
    let mut lines = lines(lower).peekable();
    let mut is_first = true;
    while let (Some(line), Some(next)) = (lines.next(), lines.peek()) {
        // The two lines that head a patch, below whatever explains it.
        if line.starts_with(b"--- ") && next.starts_with(b"+++ ") {
            return Some(Diff);
        }
        if is_first && line == b"0" && *next == b"section" {
            return Some(Dxf);
        }
        is_first = false;
    }
    Kind::told('t', &|begin| lower.starts_with(begin.as_bytes()))
}

/// A block of header fields (RFC 5322) with those that only mail has.
fn mail(sample: &[u8]) -> Option<Kind> {
    let mut rest = sample;
    if sample.starts_with(b"From ") {
        // The separator line of a mailbox.
        rest = &sample[sample.iter().position(|byte| *byte == b'\n')? + 1..];
    }
    let (mut from, mut proof, mut related) = (false, 0, false);
    let mut fields = rest.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = fields.next() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line.first() {
            None => break,
            Some(b' ' | b'\t') => continue,
            _ => {}
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            // The end of the sample may cut a field; anything else is no header.
            if fields.peek().is_none() {
                break;
            }
            return None;
        };
        let name = line[..colon].to_ascii_lowercase();
        if !name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        {
            return None;
        }
        match name.as_slice() {
            b"from" => from = true,
            b"received" | b"return-path" | b"message-id" | b"delivered-to" => proof += 2,
            b"mime-version" | b"date" | b"to" | b"subject" | b"reply-to" => proof += 1,
            b"content-type" => related = holds(&line.to_ascii_lowercase(), b"multipart/related"),
            _ => {}
        }
    }
    // Saved pages have a subject and a date, but nobody whom they went to.
    match proof + 2 * i32::from(from) {
        4.. if related && !holds(sample, b"\nTo:") && !holds(sample, b"\nReceived:") => Some(Mhtml),
        4.. => Some(Email),
        _ => None,
    }
}

/// Whether the text is JSON (RFC 8259), or several values one behind the other, as far as it goes.
/// Numbers and words are checked by their characters only.
fn json(text: &[u8]) -> bool {
    enum Wants {
        /// A value; in a fresh list also its end.
        Value {
            fresh: bool,
        },
        /// A key; in a fresh object also its end.
        Key {
            fresh: bool,
        },
        Colon,
        /// A comma or the end.
        More,
    }
    if !matches!(text.first(), Some(b'{' | b'[')) {
        return false;
    }
    let mut open = Vec::new();
    let mut wants = Wants::Value { fresh: false };
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match (byte, &wants) {
            (b' ' | b'\t' | b'\n' | b'\r', _) => {}
            (b'{' | b'[', Wants::Value { .. }) => {
                open.push(byte);
                wants = if byte == b'{' {
                    Wants::Key { fresh: true }
                } else {
                    Wants::Value { fresh: true }
                };
            }
            (b'}', Wants::More | Wants::Key { fresh: true })
            | (b']', Wants::More | Wants::Value { fresh: true })
                if open.pop() == Some(if byte == b'}' { b'{' } else { b'[' }) =>
            {
                wants = if open.is_empty() {
                    Wants::Value { fresh: false }
                } else {
                    Wants::More
                };
            }
            (b',', Wants::More) => {
                wants = match open.last() {
                    Some(b'{') => Wants::Key { fresh: false },
                    _ => Wants::Value { fresh: false },
                };
            }
            (b':', Wants::Colon) => wants = Wants::Value { fresh: false },
            (b'"', Wants::Key { .. } | Wants::Value { .. }) if !open.is_empty() => {
                while let Some(&inner) = text.get(at) {
                    at += 1;
                    match inner {
                        b'\\' => at += 1,
                        b'"' => break,
                        b'\n' => return false,
                        _ => {}
                    }
                }
                wants = if matches!(wants, Wants::Key { .. }) {
                    Wants::Colon
                } else {
                    Wants::More
                };
            }
            (b'-' | b'0'..=b'9' | b't' | b'f' | b'n', Wants::Value { .. }) if !open.is_empty() => {
                let rest = &text[at..];
                let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                at += rest
                    .iter()
                    .position(|byte| !is_inside(byte))
                    .unwrap_or(rest.len());
                wants = Wants::More;
            }
            _ => return false,
        }
    }
    true
}

/// Elements at the beginning that make a page, by WHATWG's MIME Sniffing Standard and practice.
const PAGE: &str = "html head script iframe h1 h2 h3 div font table a style title b body br p meta form \
    img center span ul link object embed input hta:application";

/// HTML and XML.
fn markup(lower: &[u8]) -> Option<Kind> {
    let html = |lower: &[u8]| {
        if holds(lower, b"<hta:application") {
            Hta
        } else {
            Html
        }
    };
    if !lower.starts_with(b"<") {
        // Rubbish before a page doesn't keep browsers from showing it.
        let first = &lower[..lower.len().min(1024)];
        let page = [&b"\n<!doctype html"[..], b"\n<html>", b"\n<html "];
        return page
            .iter()
            .any(|begin| holds(first, begin))
            .then(|| html(lower));
    }
    let declared = lower.starts_with(b"<?xml");
    let mut rest = lower;
    // Past comments, declarations and instructions to the first element.
    let root = loop {
        rest = rest.trim_ascii_start();
        let end: &[u8] = if rest.starts_with(b"<!--") {
            b"-->"
        } else if rest.starts_with(b"<!doctype html") {
            return Some(html(lower));
        } else if rest.starts_with(b"<?") || rest.starts_with(b"<!") {
            b">"
        } else {
            break rest.strip_prefix(b"<").unwrap_or_default();
        };
        match rest.windows(end.len()).position(|window| window == end) {
            Some(at) => rest = &rest[at + end.len()..],
            // A comment longer than the sample.
            None => break &[],
        }
    };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_:.".contains(byte);
    let name = &root[..root
        .iter()
        .position(|byte| !is_name(byte))
        .unwrap_or(root.len())];
    let name = std::str::from_utf8(name).unwrap_or_default();
    // WSF and scriptlets share their elements' names with much else; a script is in them.
    let scripted = holds(lower, b"<script");
    match Kind::told('<', &|root| root == name) {
        Some(Wsf | Sct) if !scripted => {}
        Some(Html) => return Some(html(lower)),
        None => {}
        found => return found,
    }
    let closed = holds(lower, b"</") || holds(lower, b"/>");
    if declared {
        Some(Xml)
    } else if !name.is_empty()
        && PAGE.split(' ').any(|own| own == name)
        && root[name.len()..]
            .first()
            .is_some_and(|next| b" >/\n\r\t".contains(next))
    {
        Some(html(lower))
    } else if holds(lower, b"<?php") {
        Some(Php)
    } else {
        (lower.starts_with(b"<!") && holds(lower, b"<!e") || closed && !name.is_empty())
            .then_some(Xml)
    }
}

/// Settings: sections in brackets with keys and values, and hardly anything else.
fn sections(lower: &[u8]) -> Option<Kind> {
    let is_comment = |line: &&[u8]| matches!(line[0], b';' | b'#');
    let mut all = lines(lower).filter(|line| !is_comment(line));
    let first = all.next()?;
    if let Some(kind) = Kind::told('[', &|section| first == section.as_bytes()) {
        return Some(kind);
    }
    let is_section = |line: &[u8]| line.len() > 2 && line[0] == b'[' && line.ends_with(b"]");
    let (mut sections, mut pairs, mut others) = (usize::from(is_section(first)), 0, 0);
    if sections == 0 {
        return None;
    }
    for line in all {
        if is_section(line) {
            sections += 1;
        } else if line
            .iter()
            .position(|byte| *byte == b'=')
            .is_some_and(|at| at > 0)
        {
            pairs += 1;
        } else {
            others += 1;
        }
    }
    (pairs > 0 && others <= (pairs + sections) / 4).then_some(Ini)
}

/// The words of languages. A line is a weight, `^` (begins a line) or `*` (is anywhere in one),
/// and what is written; `…` stands for anything within the line, `⏎` for its end. Each counts
/// once; the highest sum wins if it is [`ENOUGH`].
struct Language {
    kind: Kind,
    /// Whether the case of letters is ignored; the words are in lower case then.
    ignores_case: bool,
    words: &'static str,
}

const ENOUGH: u32 = 4;

const LANGUAGES: &[Language] = &[
    Language {
        kind: Bat,
        ignores_case: true,
        words: "4^@echo off\n2^echo off\n2^setlocal\n1^endlocal\n2^goto :\n1^goto \n2^if exist \n\
            2^if not exist \n3^set /p\n3^set /a\n4*%~dp0\n2*%errorlevel%\n2^if errorlevel \n1^rem \n2^@rem \n1^:: \n3^for /f \n\
            2^start /b \n1*cmd /c \n2*cmd.exe /c \n2^call :\n3^exit /b\n2*%comspec%\n2*%temp%\n2*%appdata%\n2^@set \n1^set …=\n\
            2^taskkill /\n2^del /\n2^timeout /t \n1*>nul\n2^reg add \n1^pause⏎\n1^start \"\" \n1^powershell",
    },
    Language {
        kind: PowerShell,
        ignores_case: true,
        words: "1^param(\n1^param (\n4^[cmdletbinding(\n2^[parameter(\n2*write-host \n2*write-output \n\
            2*new-object \n2*get-childitem\n2*$env:\n3*set-executionpolicy \n3*invoke-expression\n\
            3*invoke-webrequest\n2*iex(\n2*iex (\n2*| iex\n2*|iex\n1*-erroraction\n4*$psscriptroot\n2*import-module \n\
            2*::frombase64string(\n1*[system.\n1*[convert]::\n1*$true\n1*$false\n1*$null\n1* -eq \n1* -ne \n3*.downloadstring(\n3*.downloadfile(\n\
            2*start-process\n2*add-type\n2*foreach-object\n2*where-object\n2*get-process\n2*get-item\n1^.synopsis⏎\n2*test-path\n\
            1^$…=\n1*[string]$\n1*write-error\n2*join-path\n1*[byte[]]\n1*start-sleep",
    },
    Language {
        kind: JavaScript,
        ignores_case: false,
        words: "4^\"use strict\n4^'use strict\n1^const …=\n1^let …=\n1^var …=\n3^var …require(\n3^const …require(\n\
            4*module.exports\n4^export default \n3^export const \n3^export function \n3^export class \n3^export {\n3^import …from '\n3^import …from \"\n2^import \"\n2^import '\n\
            1*function(\n1*function (\n4^(function\n4^!function(\n4^;(function\n4^(()=>\n3^(() =>\n2*=> {\n2*=>{\n2*===\n2*!==\n2*document.\n2*window.\n\
            2*console.log(\n2*.prototype.\n2*new ActiveXObject\n2*WScript.\n1*eval(\n3*.addEventListener(\n\
            2^async function\n2^function …{⏎\n1*typeof \n1*this.\n3^define([\n3^define(\n2*String.fromCharCode(\n4^export declare \n3^export interface \n3^export type \n2^declare \n1*.length;\n2*unescape(\n2^$(document)\n2^jQuery(\n2*.push(\n1*undefined\n3^@Component(",
    },
    Language {
        kind: Vbs,
        ignores_case: true,
        words: "1^dim \n2^option explicit⏎\n2^set …=\n3*createobject(\n4^on error resume next\n2*wscript.\n1^end sub⏎\n\
            1^end function⏎\n1^end if⏎\n1^sub \n1^msgbox \n2*executeglobal\n2^execute \n2^execute(\n1*chr(\n1^const …=\n1^elseif …then\n2*strreverse(\n1*& vbcrlf\n1*vbnewline",
    },
    Language {
        kind: Vba,
        ignores_case: true,
        words: "4^attribute vb_name\n3^private sub \n3^public sub \n4^sub auto_open\n4^sub autoopen\n4^sub document_open\n\
            4^sub workbook_open\n2* as string\n2* as long\n2* as integer\n2* as object\n2*byval \n2*activedocument\n\
            2*thisworkbook\n1^end sub⏎\n1^end function⏎\n1^end if⏎\n1^dim \n2^private declare \n2^private function \n2^public function \n1*createobject(\n1^on error ",
    },
    Language {
        kind: Shell,
        ignores_case: false,
        words: "1^export …=\n1^fi⏎\n3^esac⏎\n2^done⏎\n4^if [ \n4^if [[ \n1*\"$1\"\n3*; do⏎\n3*; then⏎\n2^set -e\n1*${\n1*$(\n\
            2^eval \"$\n3^case \"$\n3^case $\n2^. /\n2^source /\n1*>/dev/null\n1*2>&1\n1^echo \n2^while read\n1^sudo \n1^exit 0⏎\n1^local …=\n2^[ -\n2^alias \n2^shopt \n1^return 0⏎\n1*\"$@\"",
    },
    Language {
        kind: Python,
        ignores_case: false,
        words: "2^def …(…):⏎\n1^def …:⏎\n1^import \n3^from … import \n2^class …:⏎\n4^if __name__ ==\n2^elif …:⏎\n2^except…:⏎\n2^try:⏎\n1*self.\n1^print(\n\
            1^return \n1^\"\"\"\n2^\"\"\"⏎\n2^for … in …:⏎\n1^with …:⏎\n2*os.path.\n2*sys.argv\n2^@property⏎\n1*None\n1^if …:⏎\n1^else:⏎\n3^# -*- coding\n1^raise \n2*__init__\n1*True\n1*lambda ",
    },
    Language {
        kind: Perl,
        ignores_case: false,
        words: "4^use strict;\n4^use warnings;\n3^my $\n3^my @\n3^my %\n3^my (\n1^package …;⏎\n3*=~ \n3^foreach my \n1*$_\n3^sub …{⏎\n\
            2^=head1 \n2^=cut⏎\n2^=pod⏎\n2^our $\n2^our @\n1^__END__⏎\n1*->{\n2*@_;\n3^use parent \n3^use base \n2^local $\n2^use …::…;",
    },
    Language {
        kind: Php,
        ignores_case: false,
        words: "4^<?php\n2*<?php \n3*$_GET[\n3*$_POST[\n3*$_SERVER[",
    },
    Language {
        kind: Ruby,
        ignores_case: false,
        words: "3^require '\n3^require \"\n4^require_relative \n2^module …⏎\n3^class … < \n1^def …⏎\n1^end⏎\n1^puts \n2* do |\n\
            4^attr_accessor \n4^attr_reader \n4*Gem::Specification\n2^elsif \n1^unless \n1*.each \n2^include …⏎\n1*.nil?\n2^# frozen_string_literal",
    },
    Language {
        kind: Lua,
        ignores_case: false,
        words: "4^local function \n4^local … = require\n1^function …)⏎\n1^end⏎\n2^local … = \n1* then⏎\n2^--[[\n1* ~= \n1^-- \n1* .. \n2^elseif …then⏎\n1*nil\n1^return …⏎\n2*pairs(",
    },
    Language {
        kind: C,
        ignores_case: false,
        words: C_WORDS,
    },
    Language {
        kind: Java,
        ignores_case: false,
        words: "1^package …;⏎\n4^import java\n3^import org.\n3^import com.\n1^import …;⏎\n3^public class \n3^@Override\n4^public static void main(String\n2^private final \n\
            3^public interface \n3^public final class \n2^public static \n3*System.out.\n2* extends …{⏎\n2* implements \n1^private \n1^public \n2*throws \n1^* @param\n2^public abstract \n3^public enum ",
    },
    Language {
        kind: CSharp,
        ignores_case: false,
        words: "4^using System\n2^using …;⏎\n1^namespace \n2^public class \n4*Console.Write\n4*{ get; set; }\n3*[DllImport(\n2^#region\n\
            2^internal \n3*string[] args\n1^public \n1^private \n3^[assembly: \n2^/// <summary>\n2^public static class \n2^public override \n2^public string ",
    },
    Language {
        kind: Golang,
        ignores_case: false,
        words: "4^package main⏎\n1^package \n2^func \n2* := \n3^import (⏎\n2*fmt.\n4^if err != nil\n3^type …struct {⏎\n3^type …interface {⏎\n1^import \"\n2^func (…{⏎\n4^//go:build ",
    },
    Language {
        kind: Rust,
        ignores_case: false,
        words: "4^fn main()\n4^use std::\n4^use crate::\n3^use core::\n4^pub fn \n2^impl \n4^let mut \n4^#[derive(\n3^#![\n2^#[cfg(\n2^pub mod \n\
            2^mod …;⏎\n2*-> Result<\n2*-> Option<\n4^pub struct \n3^pub enum \n2^//! \n1^/// \n1^fn \n2^use …::…;⏎\n3^pub trait \n3^macro_rules!\n3^extern crate \n2*&mut \n1^}⏎",
    },
    Language {
        kind: ObjectiveC,
        ignores_case: false,
        words: "4^#import <\n4^#import \"\n4^@interface \n4^@implementation \n4^@protocol \n1^@end⏎\n3*NSString\n1^#include ",
    },
    Language {
        kind: Pascal,
        ignores_case: true,
        words: "2^program …;⏎\n3^unit …;⏎\n2^uses …;\n2^interface⏎\n2^implementation⏎\n1^begin⏎\n1^end;⏎\n1^end.⏎\n1^procedure …;⏎\n1^var⏎\n1* := \n2^{$mode \n1^function …: …;⏎\n1^writeln(",
    },
    Language {
        kind: Css,
        ignores_case: true,
        words: "4^@charset \"\n4^@import url(\n3^@media …{\n4^@font-face\n3^@keyframes \n2*font-family:\n2*font-size:\n2*background-color:\n1*background:\n\
            1*color:\n1*margin:\n1*padding:\n1*display:\n1*width:\n2*!important\n1*border:\n1*px;\n2*{margin:\n2*{color:\n2*{display:\n2*{font\n3*:hover{\n2*:hover {\n1^}⏎\n3^:root {\n2*var(--\n1*@media\n2^@include \n1^.…{⏎",
    },
    Language {
        kind: Sql,
        ignores_case: true,
        words: "4^create table \n2^drop table \n4^insert into \n3^alter table \n2^create index \n2^create database \n2^begin transaction;\n2^commit;⏎\n1^select …\n1^from …\n1^where …\n1^order by \n2^delete from \n2^update …set\n4^-- mysql dump\n4^pragma foreign_keys\n3^create view \n4^create function \n3^create or replace \n2^primary key \n2^set @@",
    },
    Language {
        kind: Latex,
        ignores_case: false,
        words: "4^\\documentclass\n3^\\begin{\n2^\\end{\n3^\\usepackage\n2^\\section{\n2^\\chapter{\n2^\\newcommand\n1^\\def\\\n2^\\providecommand\n3^\\ProvidesPackage\n1^\\item \n1^\\input{",
    },
    Language {
        kind: Makefile,
        ignores_case: false,
        words: "4^.PHONY:\n3^all:\n2^clean:\n2^install:\n1^CC …=\n2*$(CC)\n2*$(MAKE)\n1*$@\n1*$<\n2^include $(\n3^ifeq (\n3^ifdef \n2^ifneq (\n1^endif⏎\n1*:= $(\n1*$(\n2^@echo ",
    },
    // YARA rules have the words they look for, and workflows those they run; neither is code.
    Language {
        kind: Text,
        ignores_case: false,
        words: "9^rule …{⏎\n9^condition:⏎\n9^jobs:⏎\n9^steps:⏎\n5^script:⏎",
    },
    Language {
        kind: AppleScript,
        ignores_case: true,
        words: "4^tell application \"\n3^end tell⏎\n3*do shell script \"\n2^display dialog \n2^on run\n1^set …to ",
    },
];

const C_WORDS: &str = "4^#include <\n4^#include \"\n2^#define \n2^#ifndef \n1^#ifdef \n1^#endif\n4^int main(\n3^typedef struct\n\
    2^static …(\n2^struct …{⏎\n2^extern \n1*->\n1*NULL\n1^return …;⏎\n2^enum {⏎\n2^typedef \n1*sizeof(\n1^/*\n1^void \n1^#if \n2^# define ";

/// What only C++ has, counted on top of what it shares with C.
const CPP_WORDS: &str = "4^using namespace \n3*std::\n4^template <\n4^template<\n1^class …{⏎\n3^public:⏎\n3^private:⏎\n\
    3^namespace …{\n3*cout <<\n2* = default;\n2* override;\n2*nullptr\n4^#include <iostream>\n4^#include <string>\n4^#include <vector>\n\
    3^class …: public \n2*constexpr \n2*static_cast<\n2*const_cast<\n1*virtual \n1*operator";

fn language(sample: &[u8], lower: &[u8]) -> Option<Kind> {
    // Signs that prose has few of. Code fences are documentation about code.
    let signs = sample
        .iter()
        .filter(|byte| b"{}()[];=<>$%&\\_+#@/\"".contains(byte))
        .count();
    let blanks = sample
        .iter()
        .filter(|byte| byte.is_ascii_whitespace())
        .count();
    if signs * 20 < sample.len() - blanks || lines(sample).any(|line| line.starts_with(b"```")) {
        return None;
    }
    let own: Vec<&[u8]> = lines(sample).collect();
    let folded: Vec<&[u8]> = lines(lower).collect();
    let mut best = (ENOUGH - 1, None);
    for language in LANGUAGES {
        let lines = if language.ignores_case { &folded } else { &own };
        let score = score(language.words, lines);
        if score > best.0 {
            best = (score, Some(language.kind));
        }
    }
    let cpp = score(CPP_WORDS, &own);
    let both = cpp + score(C_WORDS, &own);
    match best {
        (score, None | Some(C | ObjectiveC | Java | CSharp | JavaScript))
            if cpp >= 3 && both >= score.max(ENOUGH) =>
        {
            Some(Cpp)
        }
        (_, kind) => kind,
    }
}

fn score(words: &str, lines: &[&[u8]]) -> u32 {
    words
        .lines()
        .filter(|word| lines.iter().any(|line| is_in(&word[1..], line)))
        .map(|word| u32::from(word.as_bytes()[0] - b'0'))
        .sum()
}

/// Whether a line meets `^begin…middle…end⏎` or `*middle`.
fn is_in(pattern: &str, line: &[u8]) -> bool {
    let (first, mut pattern) = pattern.split_at(1);
    let end = pattern.ends_with('⏎');
    pattern = pattern.trim_end_matches('⏎');
    let mut rest = line;
    for (at, part) in pattern.split('…').enumerate() {
        let part = part.as_bytes();
        if at == 0 && first == "^" {
            match rest.strip_prefix(part) {
                Some(behind) => rest = behind,
                None => return false,
            }
        } else {
            match find(rest, part) {
                Some(found) => rest = &rest[found + part.len()..],
                None => return false,
            }
        }
    }
    // What was found last is the end, or stands there once more.
    !end || rest.is_empty()
        || pattern
            .rsplit_once('…')
            .is_some_and(|(_, last)| rest.ends_with(last.as_bytes()))
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let Some((first, more)) = needle.split_first() else {
        return Some(0);
    };
    (0..bytes.len()).find(|at| bytes[*at] == *first && bytes[at + 1..].starts_with(more))
}

/// The same number of columns in every line, divided by commas, semicolons or tabs.
fn columns(text: &[u8]) -> bool {
    const MOST_LINES: usize = 64;
    b",;\t".iter().any(|divider| {
        // The last line may be cut.
        let whole = text.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        let mut count = None;
        let (mut rows, mut spaced, mut total) = (0, 0, 0);
        let rows_of = text[..whole]
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.trim_ascii().is_empty());
        for line in rows_of.take(MOST_LINES) {
            let (mut quoted, mut here) = (false, 0);
            for (at, byte) in line.iter().enumerate() {
                if *byte == b'"' {
                    quoted = !quoted;
                } else if !quoted && byte == divider {
                    here += 1;
                    spaced += usize::from(line.get(at + 1) == Some(&b' '));
                }
            }
            // Code ends its lines with the signs that divide columns.
            let is_code = line.trim_ascii_end().ends_with(&[*divider]) && here == 1;
            if here == 0 || *count.get_or_insert(here) != here || is_code {
                return false;
            }
            rows += 1;
            total += here;
        }
        // Prose has a blank behind its commas, and few lines with as many.
        let needed = if total >= 2 * rows { 2 } else { 4 };
        rows >= needed && spaced * 4 <= total
    })
}
