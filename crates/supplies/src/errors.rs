//! Why supplies refused something.

use outpace_core::Refusal;
use outpace_store::StoreError;
use thiserror::Error;

use crate::shipments::ShipmentState;
use crate::{LINES_MAX, QUANTITY_MAX, TEXT_CHARACTERS_MAX};

/// Every refusal of this capability's commands.
#[derive(Debug, Error)]
pub enum SuppliesError {
    /// No lines, or too many.
    #[error("{0} lines")]
    Lines(usize),
    /// A quantity that is not between 1 and the most.
    #[error("{item}: quantity {quantity}")]
    Quantity {
        /// The item.
        item: String,
        /// What stood there.
        quantity: i64,
    },
    /// An item that nobody registered.
    #[error("unknown item {0}")]
    UnknownItem(String),
    /// An id that nothing has, or that lies outside the actor's area.
    #[error("unknown {field} {id}")]
    Unknown {
        /// The field.
        field: &'static str,
        /// The id.
        id: i64,
    },
    /// A text that is empty or too long.
    #[error("{field}: empty or too long")]
    Text {
        /// The field.
        field: &'static str,
    },
    /// An item's key that is no word.
    #[error("{0} is no key of an item")]
    ItemKey(String),
    /// More is to go out than there is.
    #[error("{item}: {asked} asked, {on_hand} on hand")]
    NotEnough {
        /// The item.
        item: String,
        /// What was to go out.
        asked: i64,
        /// What there is.
        on_hand: i64,
    },
    /// A delivery to the depot it starts from.
    #[error("from and to are the same depot")]
    SameDepot,
    /// A shipment in a state in which this cannot be done.
    #[error("shipment {id} is {state:?}")]
    ShipmentState {
        /// The shipment.
        id: i64,
        /// Its state.
        state: ShipmentState,
        /// What must be before, Chinese.
        zh: &'static str,
        /// What must be before, English.
        en: &'static str,
    },
    /// A delivery that is over already.
    #[error("delivery {0} is over")]
    Delivered(i64),
    /// Refused further down.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Our own failure.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SuppliesError> for Refusal {
    fn from(error: SuppliesError) -> Self {
        use SuppliesError as E;
        match error {
            E::Lines(lines) => Self::rule(
                "lines",
                "lines",
                lines,
                format!("一张单据须有 1 至 {LINES_MAX} 行,且同一物资只占一行。"),
                format!("A paper has 1 to {LINES_MAX} lines, one for each item."),
            ),
            E::Quantity { item, quantity } => Self::rule(
                "quantity",
                "quantity",
                quantity,
                format!("{item} 的数量须为 1 至 {QUANTITY_MAX} 的整数。"),
                format!("The quantity of {item} is a whole number from 1 to {QUANTITY_MAX}."),
            ),
            E::UnknownItem(key) => Self::unknown(
                "unknown_item",
                "item",
                key,
                "没有该物资,请先登记。",
                "There is no such item; register it first.",
            ),
            E::Unknown { field, id } => Self::unknown(
                "unknown_id",
                field,
                id,
                "没有该编号的记录,或不在您的权限范围内。",
                "Nothing has this id, or it lies outside your area.",
            ),
            E::Text { field } => Self::rule(
                "text_length",
                field,
                "",
                format!("请填写,且不超过 {TEXT_CHARACTERS_MAX} 个字。"),
                format!("Fill this in, with at most {TEXT_CHARACTERS_MAX} characters."),
            ),
            E::ItemKey(key) => Self::rule(
                "item_key",
                "key",
                key,
                "物资代码用小写英文字母、数字和下划线,如 sampling_tube。",
                "The key of an item has small letters, digits and underscores, such as sampling_tube.",
            ),
            E::NotEnough { item, asked, on_hand } => Self::conflict(
                "not_enough",
                "quantity",
                asked,
                format!("{item} 库存只有 {on_hand},不足以出库 {asked};请减少数量,或先入库、盘点。"),
                format!("Only {on_hand} of {item} are on hand, not {asked}; take less, or receive or count first."),
            ),
            E::SameDepot => Self::rule(
                "same_depot",
                "to",
                "",
                "调出与调入仓库不能相同。",
                "A delivery goes to another depot than it starts from.",
            ),
            E::ShipmentState { id, state, zh, en } => Self::conflict(
                "shipment_state",
                "shipment",
                id,
                format!("该批次当前为“{}”:{zh}。", state.zh()),
                format!("This shipment is {}: {en}.", state.word()),
            ),
            E::Delivered(id) => Self::conflict(
                "delivered",
                "delivery",
                id,
                "该配送已签收。",
                "This delivery has been received already.",
            ),
            E::Refused(refusal) => refusal,
            E::Store(error) => Self::from(error),
        }
    }
}
