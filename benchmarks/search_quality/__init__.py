"""Whether search mode finds the tool that a model means: how often it comes first, among 5 and among 10."""
