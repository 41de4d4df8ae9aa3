//! Why a sign-in or a change of an account was refused.

use outpace_core::{ActorId, Refusal, Role};
use outpace_policy::Profile;

use super::model::{Post, PostKind};

pub(super) fn wrong_sign_in() -> Refusal {
    Refusal::new(401, "wrong_sign_in", "password", "", "用户名或密码不正确。", "The name or the password is not right.")
}

pub(super) fn code_needed() -> Refusal {
    Refusal::new(
        401,
        "code_needed",
        "code",
        "",
        "该账号须用第二重验证:请输入验证器上显示的六位验证码。",
        "This account signs in with a second factor: enter the six digits that the authenticator shows.",
    )
}

pub(super) fn wrong_code() -> Refusal {
    Refusal::new(
        401,
        "wrong_code",
        "code",
        "",
        "验证码不正确或已用过:请等验证器显示下一个验证码再输入,并核对手机时间。",
        "The code is not right or was used already: wait for the next one, and check the phone's clock.",
    )
}

pub(super) fn wrong_password() -> Refusal {
    Refusal::new(401, "wrong_password", "password", "", "当前密码不正确。", "The present password is not right.")
}

pub(super) fn same_password() -> Refusal {
    Refusal::rule(
        "same_password",
        "new_password",
        "",
        "新密码与当前密码相同,请换一个。",
        "The new password is the present one; choose another.",
    )
}

pub(super) fn password_short(field: &str, least: usize) -> Refusal {
    Refusal::rule(
        "password_short",
        field,
        "",
        format!("密码至少 {least} 个字符。"),
        format!("A password has at least {least} characters."),
    )
}

pub(super) fn password_long(field: &str, most: usize) -> Refusal {
    Refusal::rule(
        "password_long",
        field,
        "",
        format!("密码至多 {most} 个字符。"),
        format!("A password has at most {most} characters."),
    )
}

pub(super) fn not_renewable() -> Refusal {
    Refusal::rule(
        "not_renewable",
        "token",
        "",
        "程序的令牌不续期:请在到期前重新登录。",
        "A program's token is not renewed: sign in again before it ends.",
    )
}

pub(super) fn no_password() -> Refusal {
    Refusal::rule(
        "no_account",
        "token",
        "",
        "设备没有密码和第二重验证;请由账号本人登录后操作。",
        "A device has no password and no second factor; sign in with the account itself.",
    )
}

pub(super) fn enrolled_already() -> Refusal {
    Refusal::conflict(
        "enrolled_already",
        "code",
        "",
        "该账号已登记验证器;如已丢失,请另一位管理员撤销后重新登记。",
        "An authenticator is set up already; if it is lost, another administrator takes it back first.",
    )
}

pub(super) fn nothing_enrolled() -> Refusal {
    Refusal::conflict(
        "nothing_enrolled",
        "code",
        "",
        "该账号没有登记验证器。",
        "No authenticator is set up for this account.",
    )
}

pub(super) fn name_length(name: &str) -> Refusal {
    let name: String = name.chars().take(100).collect();
    Refusal::rule("name_length", "name", name, "名称须为 1 至 80 个字。", "A name has 1 to 80 characters.")
}

pub(super) fn name_taken(name: &str) -> Refusal {
    Refusal::conflict("name_taken", "name", name, "该名称已被使用,请换一个。", "This name is taken; choose another.")
}

pub(super) fn role_of_persons(role: Role) -> Refusal {
    Refusal::rule(
        "role_of_persons",
        "role",
        format!("{role:?}"),
        "该角色须以第二重验证登录,不能给设备;请设账号。",
        "This role signs in with a second factor and is not for a device; set up an account.",
    )
}

pub(super) fn unknown_actor(id: ActorId) -> Refusal {
    Refusal::unknown(
        "unknown_actor",
        "actor",
        id,
        "您的区域内没有该账号或设备,或已停用。",
        "There is no such account or device in your area, or it was ended.",
    )
}

pub(super) fn unknown_name(name: &str) -> Refusal {
    Refusal::unknown("unknown_actor", "name", name, "没有这个登录名。", "Nobody signs in with this name.")
}

pub(super) fn no_device(id: ActorId) -> Refusal {
    Refusal::rule(
        "no_device",
        "actor",
        id,
        "这是账号,不是设备:账号用密码登录。",
        "This is an account and no device: accounts sign in with a password.",
    )
}

pub(super) fn not_oneself(id: ActorId) -> Refusal {
    Refusal::rule(
        "not_oneself",
        "actor",
        id,
        "不能对自己的账号这样做,请另一位管理员操作。",
        "This is not done to one's own account; another administrator does it.",
    )
}

pub(super) fn no_authority() -> Refusal {
    Refusal::unknown(
        "no_authority",
        "path",
        "",
        "本服务器没有自建的证书机构(只有 --tls self 才有)。",
        "This server has no certificate authority of its own; one that is started with --tls self has.",
    )
}

pub(super) fn last_administrator() -> Refusal {
    Refusal::rule(
        "last_administrator",
        "actor",
        "",
        "这是最后一位管理员,不能停用;请先另设一位。",
        "This is the last administrator; set up another one first.",
    )
}

pub(super) fn reason_length() -> Refusal {
    Refusal::rule("reason_length", "reason", "", "请写明理由,2 至 500 个字。", "Give a reason of 2 to 500 characters.")
}

pub(super) fn not_its_post(post: Post, asked: i64) -> Refusal {
    let (field, zh) = match post.kind {
        PostKind::Site => ("site", "采样点"),
        PostKind::Lane => ("lane", "通道"),
        PostKind::Laboratory => ("laboratory", "实验室"),
        PostKind::Vehicle => ("vehicle", "车辆"),
    };
    let own = post.id;
    Refusal::forbidden(
        field,
        asked,
        format!("该设备只用于{zh} {own},不能为{zh} {asked} 操作;请用该处自己的设备。"),
        format!(
            "This device is for {field} {own} only and does not act for {field} {asked}; use the device of that one."
        ),
    )
}

pub(super) fn unknown_task_force(profile: &Profile, key: &str) -> Refusal {
    let known = profile.task_forces.iter().map(|force| force.key.as_str()).collect::<Vec<_>>().join(", ");
    Refusal::rule(
        "unknown_task_force",
        "task_force",
        key,
        format!("本辖区没有该专班;专班负责人须属于一个专班,可用:{known}。"),
        format!("The jurisdiction has no such task force; a head belongs to one of: {known}."),
    )
}
