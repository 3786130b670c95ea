"""The native code that adds up trees, as LLVM's text. The same for every model: what differs is read from its `tables`.

`$L` rows go side by side (lanes), a block, and everything is done for all of them. They are first turned, feature by feature; the last
block of a call is filled up with its last row, whose sums are left out. Some blocks go through a tree before the next tree is looked at.
Of a tree that is walked, the rows that have come to a leaf are dropped at every level, so that none waits for the others. `$W` is the type of weights and sums. Each row's sums are added in
the trees' order, starting from zero, as ONNX Runtime adds them; there is no multiplication, so that nothing can be contracted.
What is hard is a missing value: it compares as neither above nor below, so that "not at most" (`ugt`) sends it right, and
"above" (`ogt`) left.
"""

from __future__ import annotations

from string import Template

MAIN = Template("""
define void @sums(ptr %rows, i64 %count, i64 %width, ptr %features, i64 %used, ptr %trees, i64 %size, ptr %splits, ptr %steps,
                  ptr %leaves, ptr %out, i64 %targets, ptr %turned, ptr %added, ptr %state, i64 %most) {
entry:
  %last.tree = getelementptr [6 x i64], ptr %trees, i64 %size
  %turned.lanes = mul i64 %used, $L
  %added.lanes = mul i64 %targets, $L
  br label %turns
turns:
  %from = phi i64 [0, %entry], [%from.next, %turns.end]
  %left = sub i64 %count, %from
  %full = icmp ult i64 %left, %most
  %live = select i1 %full, i64 %left, i64 %most
  %filled = add i64 %live, $FILL
  %blocks = udiv i64 %filled, $L
  %turned.size = mul i64 %blocks, %turned.lanes
  %turned.end = getelementptr float, ptr %turned, i64 %turned.size
  %added.size = mul i64 %blocks, %added.lanes
  %added.bytes = mul i64 %added.size, $B
  call void @llvm.memset.p0.i64(ptr %added, i8 0, i64 %added.bytes, i1 false)
  call void @turn(ptr %rows, i64 %from, i64 %live, i64 %width, ptr %features, i64 %used, ptr %turned)
  br label %tree
tree:
  %at = phi ptr [%trees, %turns], [%at.next, %tree.end]
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
  br label %block
block:
  %block.turned = phi ptr [%turned, %tree], [%block.turned.next, %block.end]
  %block.sum = phi ptr [%sum, %tree], [%block.sum.next, %block.end]
  switch i64 %kind, label %walked [i64 0, label %narrow
                                   i64 1, label %wide]
narrow:
  call void @add_i32(ptr %block.turned, ptr %split.begin, ptr %split.middle, ptr %split.end, ptr %leaf.first,
                     ptr %block.sum, ptr %state)
  br label %block.end
wide:
  call void @add_i64(ptr %block.turned, ptr %split.begin, ptr %split.middle, ptr %split.end, ptr %leaf.first,
                     ptr %block.sum, ptr %state)
  br label %block.end
walked:
  call void @walk(ptr %block.turned, ptr %steps, i64 %begin, ptr %leaf.first, ptr %block.sum, ptr %state)
  br label %block.end
block.end:
  %block.turned.next = getelementptr float, ptr %block.turned, i64 %turned.lanes
  %block.sum.next = getelementptr $W, ptr %block.sum, i64 %added.lanes
  %block.more = icmp ult ptr %block.turned.next, %turned.end
  br i1 %block.more, label %block, label %tree.end
tree.end:
  %at.next = getelementptr [6 x i64], ptr %at, i64 1
  %tree.more = icmp ult ptr %at.next, %last.tree
  br i1 %tree.more, label %tree, label %turns.end
turns.end:
  call void @write(ptr %added, i64 %from, i64 %live, i64 %targets, ptr %out)
  %from.next = add i64 %from, %live
  %more = icmp ult i64 %from.next, %count
  br i1 %more, label %turns, label %exit
exit:
  ret void
}
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
""")

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
  %weight.at = getelementptr $W, ptr %leaves, $M %lowest
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
  %nodes = getelementptr i32, ptr %state, i64 $L
  %ends = getelementptr i32, ptr %nodes, i64 $L
  br label %start
start:
  %begun = phi i64 [0, %entry], [%begun.next, %start]
  %begun.lane = trunc i64 %begun to i32
  %begun.lane.at = getelementptr i32, ptr %state, i64 %begun
  store i32 %begun.lane, ptr %begun.lane.at, align 4
  %begun.at = getelementptr i32, ptr %nodes, i64 %begun
  store i32 %root.at, ptr %begun.at, align 4
  %begun.next = add i64 %begun, 1
  %begun.more = icmp ult i64 %begun.next, $L
  br i1 %begun.more, label %start, label %level
level:
  %walking = phi i64 [$L, %start], [%kept.next, %level.end]
  br label %lane
lane:
  %item = phi i64 [0, %level], [%item.next, %lane]
  %kept = phi i64 [0, %level], [%kept.next, %lane]
  %row.at = getelementptr i32, ptr %state, i64 %item
  %row = load i32, ptr %row.at, align 4
  %row.number = zext i32 %row to i64
  %now.at = getelementptr i32, ptr %nodes, i64 %item
  %now = load i32, ptr %now.at, align 4
  %number = zext i32 %now to i64
  %at = getelementptr [16 x i8], ptr %steps, i64 %number
  %place = load i32, ptr %at, align 4
  %first = and i32 %place, 2147483647
  %first.lane = zext i32 %first to i64
  %value.place = add i64 %first.lane, %row.number
  %value.at = getelementptr float, ptr %turned, i64 %value.place
  %value = load float, ptr %value.at, align 4
  %threshold.at = getelementptr i8, ptr %at, i64 4
  %threshold = load float, ptr %threshold.at, align 4
  %not.below = fcmp ugt float %value, %threshold
  %present = fcmp ord float %value, %value
  %missing.right = icmp sge i32 %place, 0
  %counts = or i1 %present, %missing.right
  %right = and i1 %not.below, %counts
  %side = zext i1 %right to i64
  %below.at = getelementptr i8, ptr %at, i64 8
  %side.at = getelementptr i32, ptr %below.at, i64 %side
  %then = load i32, ptr %side.at, align 4
  %end.at = getelementptr i32, ptr %ends, i64 %row.number
  store i32 %then, ptr %end.at, align 4
  %kept.row.at = getelementptr i32, ptr %state, i64 %kept
  store i32 %row, ptr %kept.row.at, align 4
  %kept.at = getelementptr i32, ptr %nodes, i64 %kept
  store i32 %then, ptr %kept.at, align 4
  %goes.on = icmp sge i32 %then, 0
  %one = zext i1 %goes.on to i64
  %kept.next = add i64 %kept, %one
  %item.next = add i64 %item, 1
  %item.more = icmp ult i64 %item.next, %walking
  br i1 %item.more, label %lane, label %level.end
level.end:
  %some = icmp ne i64 %kept.next, 0
  br i1 %some, label %level, label %add
add:
  %done = phi i64 [0, %level.end], [%done.next, %add]
  %leaf.at = getelementptr i32, ptr %ends, i64 %done
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
    values = {"L": lanes, "FILL": lanes - 1, "W": weight, "B": {"double": 8, "float": 4}[weight]}
    parts = [part.substitute(values) for part in (MAIN, TURN, WRITE, WALK)]
    for mask in ("i32", "i64"):
        ones = "<" + ", ".join([f"{mask} -1"] * lanes) + ">"
        given = {**values, "M": mask, "ONES": ones}
        parts += [CLEARED.substitute(given, C=above) for above in ("ogt", "ugt")]
        parts.append(ADD.substitute(given))
    return "\n".join(parts)
