//! The icons: lines on a grid of 16, drawn in the colour of the text around them.

use yew::prelude::*;

/// What an icon shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Alert,
    Check,
    Clock,
    Copy,
    Eye,
    File,
    Flag,
    Gear,
    Link,
    Lock,
    People,
    Question,
    Quote,
    Refresh,
    Seal,
    Tag,
}

impl Shape {
    const fn path(self) -> &'static str {
        match self {
            Self::Alert => "M8 2 14.5 13.5H1.5zM8 6.5v3M8 11.6v.1",
            Self::Check => "m3 8.5 3.2 3.2L13 4.8",
            Self::Clock => "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.8V8l2.4 1.8",
            Self::Copy => "M6 5.5h7.5v8.5H6zM10.5 5.5V2H3v8.5h3",
            Self::Eye => {
                "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z"
            }
            Self::File => "M4 1.8h5l3 3v9.4H4zM9 1.8v3h3",
            Self::Flag => "M4 14V2.5h8l-2 3 2 3H4",
            Self::Gear => {
                "M8 5.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4zM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M3.4 12.6l1.4-1.4M11.2 4.8l1.4-1.4"
            }
            Self::Link => {
                "M6.6 9.4a3 3 0 0 0 4.2 0l2.2-2.2A3 3 0 0 0 8.8 3l-.8.8M9.4 6.6a3 3 0 0 0-4.2 0L3 8.8A3 3 0 0 0 7.2 13l.8-.8"
            }
            Self::Lock => "M3.5 7h9v7h-9zM5.5 7V4.5a2.5 2.5 0 0 1 5 0V7",
            Self::People => {
                "M6 3.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM1.5 14c0-2.8 2-4 4.5-4s4.5 1.2 4.5 4M11 3.7a2.5 2.5 0 0 1 0 4.7M14.5 14c0-2.2-.9-3.4-2.3-3.9"
            }
            Self::Question => {
                "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM6.2 6.5a1.8 1.8 0 1 1 2.6 1.6c-.5.3-.8.6-.8 1.2M8 11.4v.1"
            }
            Self::Quote => "M2 2.5h12v8.5H7.5L4.5 13.7V11H2zM5 5.5h6M5 8h4",
            Self::Refresh => "M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 1.8v2.9h-2.9",
            Self::Seal => {
                "M8 1.8a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM6 6.3l1.5 1.5 2.6-2.7M5.7 10.2 5 14.5l3-1.5 3 1.5-.7-4.3"
            }
            Self::Tag => "M2 2.5h5.5L14 9l-5 5-6.5-6.5zM5 5.4v.1",
        }
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct IconProps {
    pub(crate) shape: Shape,
}

/// An icon. It says nothing to a screen reader: the words beside it do.
#[component]
pub(crate) fn Icon(props: &IconProps) -> Html {
    html! {
        <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path d={props.shape.path()} />
        </svg>
    }
}
