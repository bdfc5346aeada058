set terminal svg size 760,360 font "sans-serif,12" background "white"
set output "artifacts/bench/ratios.svg"
set title "LdnApi with token, wall, audit, idempotency and evaluation, as a ratio to hand-written raw Npgsql"
set style data histogram
set style fill solid 0.8
set boxwidth 0.6
set yrange [0:1.1]
set ylabel "ratio, median (least to most)"
set grid ytics
set key top right
plot "artifacts/bench/ratios.dat" using 0:2:3:4:xtic(1) with boxerrorbars lc rgb "#3b6ea5" title "measured", \
     "" using 0:5 with points pt 9 ps 1.2 lc rgb "#b03030" title "target"
