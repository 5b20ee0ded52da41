"""From a word of the syntax tree to the words that a program gets."""
