"""The pages of calls: live, one by one, as charts and figures, and as exported files."""
