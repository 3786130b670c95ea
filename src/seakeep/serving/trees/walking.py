"""Walking, as LLVM's text: rows side by side through one tree, by its splits or from level to level, and its leaf added. See `code`."""

from __future__ import annotations

from string import Template

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
