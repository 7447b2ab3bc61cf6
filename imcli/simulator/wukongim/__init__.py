"""What WuKongIM 2.x does differently from the reference: ids, sending, groups, lists."""
