//! Stories of a positive, told in the words of the field.
