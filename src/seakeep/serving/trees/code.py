"""The native code that adds up trees, as LLVM's text. The same for every model: what differs is read from its `tables`.

`$L` rows go side by side (lanes), and everything is done for all of them. They are first turned, feature by feature; the last
rows of a call are filled up with its last row, whose sums are left out. `$W` is the type of weights and sums. Each row's sums are added in
the trees' order, starting from zero, as ONNX Runtime adds them; there is no multiplication, so that nothing can be contracted.
What is hard is a missing value: it compares as neither above nor below, so that "not at most" (`ugt`) sends it right, and
"above" (`ogt`) left.
"""

from __future__ import annotations

from string import Template

MAIN = Template("""
define void @sums(ptr %rows, i64 %count, i64 %width, ptr %features, i64 %used, ptr %trees, i64 %size, ptr %splits, ptr %steps,
                  ptr %leaves, ptr %out, i64 %targets, ptr %turned, ptr %added, ptr %state) {
entry:
  %lanes = mul i64 %targets, $L
  %added.bytes = mul i64 %lanes, $B
  %last.tree = getelementptr [6 x i64], ptr %trees, i64 %size
  br label %block
block:
  %from = phi i64 [0, %entry], [%from.next, %written]
  %left = sub i64 %count, %from
  %full = icmp ult i64 %left, $L
  %live = select i1 %full, i64 %left, i64 $L
  call void @llvm.memset.p0.i64(ptr %added, i8 0, i64 %added.bytes, i1 false)
  br label %turn.row
turn.row:
  %row = phi i64 [0, %block], [%row.next, %turn.end]
  %past = icmp uge i64 %row, %live
  %live.last = sub i64 %live, 1
  %row.in = select i1 %past, i64 %live.last, i64 %row
  %row.at = add i64 %from, %row.in
  %row.first = mul i64 %row.at, %width
  br label %turn
turn:
  %item = phi i64 [0, %turn.row], [%item.next, %turn]
  %feature.at = getelementptr i64, ptr %features, i64 %item
  %feature = load i64, ptr %feature.at, align 8
  %value.place = add i64 %row.first, %feature
  %value.at = getelementptr float, ptr %rows, i64 %value.place
  %value = load float, ptr %value.at, align 4
  %item.lanes = mul i64 %item, $L
  %turned.place = add i64 %item.lanes, %row
  %turned.at = getelementptr float, ptr %turned, i64 %turned.place
  store float %value, ptr %turned.at, align 4
  %item.next = add i64 %item, 1
  %item.more = icmp ult i64 %item.next, %used
  br i1 %item.more, label %turn, label %turn.end
turn.end:
  %row.next = add i64 %row, 1
  %row.more = icmp ult i64 %row.next, $L
  br i1 %row.more, label %turn.row, label %tree
tree:
  %at = phi ptr [%trees, %turn.end], [%at.next, %tree.end]
  %kind = load i64, ptr %at, align 8
  %begin.at = getelementptr i64, ptr %at, i64 1
  %begin = load i64, ptr %begin.at, align 8
  %middle.at = getelementptr i64, ptr %at, i64 2
  %middle = load i64, ptr %middle.at, align 8
  %end.at = getelementptr i64, ptr %at, i64 3
  %end = load i64, ptr %end.at, align 8
  %leaf.at = getelementptr i64, ptr %at, i64 4
  %leaf = load i64, ptr %leaf.at, align 8
  %target.at = getelementptr i64, ptr %at, i64 5
  %target = load i64, ptr %target.at, align 8
  %split.begin = getelementptr [16 x i8], ptr %splits, i64 %begin
  %split.middle = getelementptr [16 x i8], ptr %splits, i64 %middle
  %split.end = getelementptr [16 x i8], ptr %splits, i64 %end
  %leaf.first = getelementptr $W, ptr %leaves, i64 %leaf
  %target.lanes = mul i64 %target, $L
  %sum = getelementptr $W, ptr %added, i64 %target.lanes
  switch i64 %kind, label %walked [i64 0, label %narrow
                                   i64 1, label %wide]
narrow:
  call void @add_i32(ptr %turned, ptr %split.begin, ptr %split.middle, ptr %split.end, ptr %leaf.first, ptr %sum, ptr %state)
  br label %tree.end
wide:
  call void @add_i64(ptr %turned, ptr %split.begin, ptr %split.middle, ptr %split.end, ptr %leaf.first, ptr %sum, ptr %state)
  br label %tree.end
walked:
  call void @walk(ptr %turned, ptr %steps, i64 %begin, ptr %leaf.first, ptr %sum, ptr %state)
  br label %tree.end
tree.end:
  %at.next = getelementptr [6 x i64], ptr %at, i64 1
  %tree.more = icmp ult ptr %at.next, %last.tree
  br i1 %tree.more, label %tree, label %write.row
write.row:
  %done = phi i64 [0, %tree.end], [%done.next, %write.end]
  %done.at = add i64 %from, %done
  %done.first = mul i64 %done.at, %targets
  br label %write
write:
  %one = phi i64 [0, %write.row], [%one.next, %write]
  %one.lanes = mul i64 %one, $L
  %one.place = add i64 %one.lanes, %done
  %one.at = getelementptr $W, ptr %added, i64 %one.place
  %total = load $W, ptr %one.at, align $B
  %out.place = add i64 %done.first, %one
  %out.at = getelementptr $W, ptr %out, i64 %out.place
  store $W %total, ptr %out.at, align $B
  %one.next = add i64 %one, 1
  %one.more = icmp ult i64 %one.next, %targets
  br i1 %one.more, label %write, label %write.end
write.end:
  %done.next = add i64 %done, 1
  %done.more = icmp ult i64 %done.next, %live
  br i1 %done.more, label %write.row, label %written
written:
  %from.next = add i64 %from, $L
  %more = icmp ult i64 %from.next, %count
  br i1 %more, label %block, label %exit
exit:
  ret void
}
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
""")

CLEARED = Template("""
define internal <$L x $M> @cleared_${C}_$M(ptr %turned, ptr %begin, ptr %end, <$L x $M> %all) alwaysinline {
entry:
  %none = icmp eq ptr %begin, %end
  br i1 %none, label %done, label %split
split:
  %at = phi ptr [%begin, %entry], [%next, %split]
  %leaves = phi <$L x $M> [%all, %entry], [%kept, %split]
  %place = load i32, ptr %at, align 8
  %threshold.at = getelementptr i8, ptr %at, i64 4
  %threshold = load float, ptr %threshold.at, align 4
  %clear.at = getelementptr i8, ptr %at, i64 8
  %clear = load $M, ptr %clear.at, align 8
  %first = sext i32 %place to i64
  %values.at = getelementptr float, ptr %turned, i64 %first
  %values = load <$L x float>, ptr %values.at, align 4
  %threshold.one = insertelement <$L x float> poison, float %threshold, i32 0
  %thresholds = shufflevector <$L x float> %threshold.one, <$L x float> poison, <$L x i32> zeroinitializer
  %clear.one = insertelement <$L x $M> poison, $M %clear, i32 0
  %clears = shufflevector <$L x $M> %clear.one, <$L x $M> poison, <$L x i32> zeroinitializer
  %right = fcmp $C <$L x float> %values, %thresholds
  %goes = sext <$L x i1> %right to <$L x $M>
  %gone = and <$L x $M> %goes, %clears
  %rest = xor <$L x $M> %gone, $ONES
  %kept = and <$L x $M> %leaves, %rest
  %next = getelementptr i8, ptr %at, i64 16
  %more = icmp ult ptr %next, %end
  br i1 %more, label %split, label %done
done:
  %found = phi <$L x $M> [%all, %entry], [%kept, %split]
  ret <$L x $M> %found
}
""")

ADD = Template("""
define internal void @add_$M(ptr %turned, ptr %begin, ptr %middle, ptr %end, ptr %leaves, ptr %sum, ptr %state) noinline {
entry:
  %above = call <$L x $M> @cleared_ogt_$M(ptr %turned, ptr %begin, ptr %middle, <$L x $M> $ONES)
  %both = call <$L x $M> @cleared_ugt_$M(ptr %turned, ptr %middle, ptr %end, <$L x $M> %above)
  store <$L x $M> %both, ptr %state, align 8
  br label %lane
lane:
  %row = phi i64 [0, %entry], [%next, %lane]
  %bits.at = getelementptr $M, ptr %state, i64 %row
  %bits = load $M, ptr %bits.at, align 4
  %lowest = call $M @llvm.cttz.$M($M %bits, i1 true)
  %leaf = zext $M %lowest to i65
  %number = trunc i65 %leaf to i64
  %weight.at = getelementptr $W, ptr %leaves, i64 %number
  %weight = load $W, ptr %weight.at, align $B
  %sum.at = getelementptr $W, ptr %sum, i64 %row
  %before = load $W, ptr %sum.at, align $B
  %after = fadd $W %before, %weight
  store $W %after, ptr %sum.at, align $B
  %next = add i64 %row, 1
  %more = icmp ult i64 %next, $L
  br i1 %more, label %lane, label %exit
exit:
  ret void
}
declare $M @llvm.cttz.$M($M, i1)
""")

WALK = Template("""
define internal void @walk(ptr %turned, ptr %steps, i64 %root, ptr %leaves, ptr %sum, ptr %state) noinline {
entry:
  %root.at = trunc i64 %root to i32
  br label %start
start:
  %begun = phi i64 [0, %entry], [%begun.next, %start]
  %begun.at = getelementptr i32, ptr %state, i64 %begun
  store i32 %root.at, ptr %begun.at, align 4
  %begun.next = add i64 %begun, 1
  %begun.more = icmp ult i64 %begun.next, $L
  br i1 %begun.more, label %start, label %level
level:
  br label %lane
lane:
  %row = phi i64 [0, %level], [%row.next, %lane]
  %under.way = phi i32 [-1, %level], [%under.way.next, %lane]
  %now.at = getelementptr i32, ptr %state, i64 %row
  %now = load i32, ptr %now.at, align 4
  %ended = icmp slt i32 %now, 0
  %step = select i1 %ended, i32 0, i32 %now
  %number = zext i32 %step to i64
  %at = getelementptr [16 x i8], ptr %steps, i64 %number
  %place = load i32, ptr %at, align 4
  %first = and i32 %place, 2147483647
  %first.lane = zext i32 %first to i64
  %value.place = add i64 %first.lane, %row
  %value.at = getelementptr float, ptr %turned, i64 %value.place
  %value = load float, ptr %value.at, align 4
  %threshold.at = getelementptr i8, ptr %at, i64 4
  %threshold = load float, ptr %threshold.at, align 4
  %not.below = fcmp ugt float %value, %threshold
  %above = fcmp ogt float %value, %threshold
  %missing.left = icmp slt i32 %place, 0
  %right = select i1 %missing.left, i1 %above, i1 %not.below
  %left.at = getelementptr i8, ptr %at, i64 8
  %left.step = load i32, ptr %left.at, align 4
  %right.at = getelementptr i8, ptr %at, i64 12
  %right.step = load i32, ptr %right.at, align 4
  %below = select i1 %right, i32 %right.step, i32 %left.step
  %then = select i1 %ended, i32 %now, i32 %below
  store i32 %then, ptr %now.at, align 4
  %under.way.next = and i32 %under.way, %then
  %row.next = add i64 %row, 1
  %row.more = icmp ult i64 %row.next, $L
  br i1 %row.more, label %lane, label %level.end
level.end:
  %some = icmp sge i32 %under.way.next, 0
  br i1 %some, label %level, label %add
add:
  %done = phi i64 [0, %level.end], [%done.next, %add]
  %leaf.at = getelementptr i32, ptr %state, i64 %done
  %leaf.not = load i32, ptr %leaf.at, align 4
  %leaf = xor i32 %leaf.not, -1
  %leaf.number = zext i32 %leaf to i64
  %weight.at = getelementptr $W, ptr %leaves, i64 %leaf.number
  %weight = load $W, ptr %weight.at, align $B
  %sum.at = getelementptr $W, ptr %sum, i64 %done
  %before = load $W, ptr %sum.at, align $B
  %after = fadd $W %before, %weight
  store $W %after, ptr %sum.at, align $B
  %done.next = add i64 %done, 1
  %done.more = icmp ult i64 %done.next, $L
  br i1 %done.more, label %add, label %exit
exit:
  ret void
}
""")


def text(lanes: int, weight: str) -> str:
    """The whole program. weight: "double" or "float"."""
    values = {"L": lanes, "W": weight, "B": {"double": 8, "float": 4}[weight]}
    parts = [MAIN.substitute(values), WALK.substitute(values)]
    for mask in ("i32", "i64"):
        ones = "<" + ", ".join([f"{mask} -1"] * lanes) + ">"
        given = {**values, "M": mask, "ONES": ones}
        parts += [CLEARED.substitute(given, C=above) for above in ("ogt", "ugt")]
        parts.append(ADD.substitute(given))
    return "\n".join(parts)
