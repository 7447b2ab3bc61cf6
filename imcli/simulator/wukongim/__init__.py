"""What WuKongIM 2.x does otherwise than the reference: ids, sending, groups, lists."""
