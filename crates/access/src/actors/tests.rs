use super::password;

#[test]
fn only_the_password_that_was_set_fits() {
    let kept = password::seal("correct horse battery").unwrap();
    assert!(password::fits("correct horse battery", &kept).unwrap());
    assert!(!password::fits("correct horse batterz", &kept).unwrap());
    assert!(password::fits("anything", b"short").is_err());
}
