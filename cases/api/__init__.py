"""The support side's API of cases. The same nouns as in the console; each deed is the creation of its noun."""
