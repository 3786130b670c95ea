"""Turning, as LLVM's text: rows laid out feature by feature, so many side by side, and sums written back row by row. See `code`."""

from __future__ import annotations

from string import Template

TURN = Template("""
define internal void @turn(ptr %rows, i64 %from, i64 %live, i64 %width, ptr %features, i64 %used, ptr %turned) noinline {
entry:
  %last = sub i64 %live, 1
  %filled = add i64 %live, $FILL
  %blocks = udiv i64 %filled, $L
  %lanes = mul i64 %blocks, $L
  %block.size = mul i64 %used, $L
  br label %row
row:
  %lane = phi i64 [0, %entry], [%lane.next, %row.end]
  %past = icmp uge i64 %lane, %live
  %live.lane = select i1 %past, i64 %last, i64 %lane
  %number = add i64 %from, %live.lane
  %first = mul i64 %number, %width
  %block = udiv i64 %lane, $L
  %within = urem i64 %lane, $L
  %block.first = mul i64 %block, %block.size
  %place.first = add i64 %block.first, %within
  br label %feature
feature:
  %item = phi i64 [0, %row], [%item.next, %feature]
  %feature.at = getelementptr i64, ptr %features, i64 %item
  %feature.number = load i64, ptr %feature.at, align 8
  %value.place = add i64 %first, %feature.number
  %value.at = getelementptr float, ptr %rows, i64 %value.place
  %value = load float, ptr %value.at, align 4
  %item.lanes = mul i64 %item, $L
  %place = add i64 %place.first, %item.lanes
  %at = getelementptr float, ptr %turned, i64 %place
  store float %value, ptr %at, align 4
  %item.next = add i64 %item, 1
  %item.more = icmp ult i64 %item.next, %used
  br i1 %item.more, label %feature, label %row.end
row.end:
  %lane.next = add i64 %lane, 1
  %lane.more = icmp ult i64 %lane.next, %lanes
  br i1 %lane.more, label %row, label %exit
exit:
  ret void
}
""")
WRITE = Template("""
define internal void @write(ptr %added, i64 %from, i64 %live, i64 %targets, ptr %out) noinline {
entry:
  %block.size = mul i64 %targets, $L
  br label %row
row:
  %lane = phi i64 [0, %entry], [%lane.next, %row.end]
  %number = add i64 %from, %lane
  %first = mul i64 %number, %targets
  %block = udiv i64 %lane, $L
  %within = urem i64 %lane, $L
  %block.first = mul i64 %block, %block.size
  %place.first = add i64 %block.first, %within
  br label %target
target:
  %item = phi i64 [0, %row], [%item.next, %target]
  %item.lanes = mul i64 %item, $L
  %place = add i64 %place.first, %item.lanes
  %at = getelementptr $W, ptr %added, i64 %place
  %total = load $W, ptr %at, align $B
  %out.place = add i64 %first, %item
  %out.at = getelementptr $W, ptr %out, i64 %out.place
  store $W %total, ptr %out.at, align $B
  %item.next = add i64 %item, 1
  %item.more = icmp ult i64 %item.next, %targets
  br i1 %item.more, label %target, label %row.end
row.end:
  %lane.next = add i64 %lane, 1
  %lane.more = icmp ult i64 %lane.next, %live
  br i1 %lane.more, label %row, label %exit
exit:
  ret void
}
""")
