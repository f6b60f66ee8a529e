// SPDX-License-Identifier: BSD-2-Clause
// Run files and the reference implementation in Java; prints count, p50, p90, p99, p99.9, max.
//   java -cp hdrhistogram.jar Interop.java read LOG TAG     of all intervals of a tag
//   java -cp hdrhistogram.jar Interop.java write LOG        a log with a tag, and what it holds
import java.io.File;
import java.util.Random;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.HdrHistogram.HistogramLogWriter;

public class Interop {
	static void print(Histogram h) {
		System.out.println(h.getTotalCount() + " " + h.getValueAtPercentile(50) + " " +
			h.getValueAtPercentile(90) + " " + h.getValueAtPercentile(99) + " " +
			h.getValueAtPercentile(99.9) + " " + h.getMaxValue());
	}

	static void read(String path, String tag) throws Exception {
		HistogramLogReader reader = new HistogramLogReader(new File(path));
		Histogram sum = new Histogram(1, (1L << 42) - 1, 2);
		EncodableHistogram h;

		while ((h = reader.nextIntervalHistogram()) != null)
			if (tag.equals(h.getTag()))
				sum.add((Histogram) h);
		print(sum);
	}

	static void write(String path) throws Exception {
		HistogramLogWriter out = new HistogramLogWriter(new File(path));
		Histogram sum = new Histogram(3);
		Random random = new Random(1);

		out.outputLogFormatVersion();
		out.outputStartTime(1700000000000L);
		out.outputLegend();
		for (int i = 0; i < 3; i++) {
			Histogram h = new Histogram(3); // its range grows as values come
			for (int k = 0; k < 5000; k++)
				h.recordValue((long) (5000 - 200000 * Math.log(random.nextDouble())));
			h.setTag("web");
			h.setStartTimeStamp(1700000000000L + i * 1000);
			h.setEndTimeStamp(1700000001000L + i * 1000);
			out.outputIntervalHistogram(h);
			sum.add(h);
		}
		out.close();
		print(sum);
	}

	public static void main(String[] args) throws Exception {
		if (args[0].equals("read"))
			read(args[1], args[2]);
		else
			write(args[1]);
	}
}
