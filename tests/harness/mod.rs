//! Starting the pretend Lever and the real binary, and reading what they leave behind.
